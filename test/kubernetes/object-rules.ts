/**
 * Rules for how the objects of the manifests refer to each other: services, budgets, autoscalers, networks.
 */
import type { Rule } from './pod-rules.ts'
import {
  matches,
  specsOf,
  statefulSetsOf,
  type KubeObject,
  type Labels,
  type Selector,
  type StatefulSetSpec,
} from './rendered-manifests.ts'

interface ServiceSpec {
  readonly clusterIP?: string
  readonly selector?: Labels
  readonly ports: readonly { readonly name: string; readonly targetPort?: string | number }[]
}

interface AutoscalerSpec {
  readonly scaleTargetRef: { readonly name: string }
  readonly minReplicas: number
  readonly behavior?: {
    readonly scaleDown?: {
      readonly stabilizationWindowSeconds?: number
      readonly policies: readonly { readonly value: number; readonly periodSeconds: number }[]
    }
  }
}

interface IngressSpec {
  readonly rules: readonly {
    readonly http: {
      readonly paths: readonly {
        readonly backend: {
          readonly service: { readonly name: string; readonly port: { readonly name: string } }
        }
      }[]
    }
  }[]
}

/** Longer than one node takes to leave, however much it hands over. */
const SETTLE_SECONDS = 60

export const OBJECT_RULES: readonly Rule[] = [
  {
    name: 'each selector finds pods',
    check: (objects) => {
      const policies = specsOf<{ podSelector: Selector }>(objects, 'NetworkPolicy')
      const budgets = specsOf<{ selector: Selector }>(objects, 'PodDisruptionBudget')
      const services = specsOf<ServiceSpec>(objects, 'Service')
      const selectors = [
        ...[...policies].map(([name, { podSelector }]) => [name, podSelector] as const),
        ...[...budgets].map(([name, { selector }]) => [name, selector] as const),
        ...[...services].map(
          ([name, { selector = {} }]) => [name, { matchLabels: selector }] as const,
        ),
        ...setsOf(objects).flatMap(([name, { template }]) =>
          (template.spec.topologySpreadConstraints ?? []).map(
            ({ labelSelector }) => [`${name}'s spread`, labelSelector] as const,
          ),
        ),
      ]
      const lost = selectors.filter(([, selector]) => !finds(objects, selector))
      return lost.map(([name]) => `the selector of ${name} finds no pod`)
    },
  },
  {
    name: 'each set selects its own pods and no others',
    check: (objects) =>
      setsOf(objects).flatMap(([name, { selector }]) => {
        const found = setsOf(objects).filter(([, { template }]) =>
          matches(selector, template.metadata.labels),
        )
        return found.length === 1 && found[0]![0] === name
          ? []
          : [`${name} selects ${found.map(([other]) => other).join()}`]
      }),
  },
  {
    name: 'each set has its service, whose ports it has',
    check: (objects) => {
      const services = specsOf<ServiceSpec>(objects, 'Service')
      return setsOf(objects).flatMap(([name, { serviceName, template }]) => {
        const service = services.get(serviceName)
        if (service === undefined) return [`${name} has no service ${serviceName}`]
        const ports = template.spec.containers.flatMap((container) => container.ports ?? [])
        const there = new Set(ports.map((port) => port.name))
        const lost = service.ports.filter(({ targetPort }) => !there.has(String(targetPort)))
        const hasOther = !matches({ matchLabels: service.selector ?? {} }, template.metadata.labels)
        return wrongOf([
          [lost.length > 0, `${serviceName} leads to ports that ${name} has not`],
          [hasOther, `${serviceName} does not lead to ${name}`],
        ])
      })
    },
  },
  {
    name: 'an Ingress leads to services that there are',
    check: (objects) => {
      const services = specsOf<ServiceSpec>(objects, 'Service')
      const paths = [...specsOf<IngressSpec>(objects, 'Ingress').values()].flatMap(({ rules }) =>
        rules.flatMap(({ http }) => http.paths),
      )
      return paths.flatMap(({ backend: { service } }) => {
        const ports = services.get(service.name)?.ports ?? []
        const isThere = ports.some(({ name }) => name === service.port.name)
        return isThere ? [] : [`the Ingress leads to ${service.name}, which is not there`]
      })
    },
  },
  {
    name: 'a budget lets machines be drained, and keeps most pods',
    check: (objects) => {
      const budgets = specsOf<{ maxUnavailable?: number; selector: Selector }>(
        objects,
        'PodDisruptionBudget',
      )
      const wrong = [...budgets].filter(([, budget]) => budget.maxUnavailable !== 1)
      const several = setsOf(objects).filter(([name, set]) => leastOf(objects, name, set) > 1)
      const bare = several.filter(
        ([, { template }]) =>
          ![...budgets.values()].some(({ selector }) =>
            matches(selector, template.metadata.labels),
          ),
      )
      return [
        ...wrong.map(([name]) => `the budget ${name} does not say maxUnavailable: 1`),
        ...bare.map(([name]) => `${name} has no budget`),
      ]
    },
  },
  {
    name: 'an autoscaler alone says how many there are, and takes them away slowly',
    check: (objects) =>
      [...specsOf<AutoscalerSpec>(objects, 'HorizontalPodAutoscaler')].flatMap(([name, spec]) => {
        const target = statefulSetsOf(objects).get(spec.scaleTargetRef.name)
        if (target === undefined) return [`the autoscaler ${name} scales nothing`]
        const { scaleDown } = spec.behavior ?? {}
        const isSlow =
          (scaleDown?.stabilizationWindowSeconds ?? 0) >= 300 &&
          scaleDown!.policies.every(
            ({ value, periodSeconds }) =>
              value === 1 && periodSeconds >= graceOf(target) + SETTLE_SECONDS,
          )
        return wrongOf([
          [target.replicas !== undefined, `${name}'s target has replicas of its own`],
          [!isSlow, `the autoscaler ${name} takes nodes away too fast`],
          [spec.minReplicas < 3, `the autoscaler ${name} leaves fewer than three`],
        ])
      }),
  },
  {
    name: 'nothing is allowed on the network that is not said',
    check: (objects) => {
      const policies = specsOf<{
        podSelector: Selector
        policyTypes: readonly string[]
        ingress?: unknown
        egress?: unknown
      }>(objects, 'NetworkPolicy')
      const hasNothing = [...policies.values()].some(
        ({ podSelector, policyTypes, ingress, egress }) =>
          Object.keys(podSelector).length === 0 &&
          policyTypes.length === 2 &&
          ingress === undefined &&
          egress === undefined,
      )
      return hasNothing ? [] : ['no policy denies everything first']
    },
  },
]

function wrongOf(faults: readonly (readonly [isThere: boolean, text: string])[]): string[] {
  return faults.filter(([isThere]) => isThere).map(([, text]) => text)
}

function setsOf(objects: readonly KubeObject[]): [string, StatefulSetSpec][] {
  return [...statefulSetsOf(objects)]
}

function finds(objects: readonly KubeObject[], selector: Selector): boolean {
  return setsOf(objects).some(([, { template }]) => matches(selector, template.metadata.labels))
}

function leastOf(objects: readonly KubeObject[], name: string, set: StatefulSetSpec): number {
  const scalers = specsOf<AutoscalerSpec>(objects, 'HorizontalPodAutoscaler').values()
  const scaler = [...scalers].find(({ scaleTargetRef }) => scaleTargetRef.name === name)
  return scaler?.minReplicas ?? set.replicas ?? 1
}

function graceOf({ template }: StatefulSetSpec): number {
  return template.spec.terminationGracePeriodSeconds ?? 30
}
