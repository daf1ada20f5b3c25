/**
 * Rules for every pod of the manifests: what each container must say of itself.
 *
 * Each rule returns what is against it, in words that name the object.
 */
import { statefulSetsOf, type Container, type KubeObject } from './rendered-manifests.ts'
import type { PodSpec } from './rendered-manifests.ts'

export interface Rule {
  readonly name: string
  readonly check: (objects: readonly KubeObject[]) => readonly string[]
}

/** A tag that stays what it is: at least a major and a minor number. */
const PINNED = /^[^@]+(:v?\d+\.\d+[\w.-]*|@sha256:[0-9a-f]{64})$/

export const POD_RULES: readonly Rule[] = [
  containerRule('images are pinned', ({ image }) => PINNED.test(image) || image),
  containerRule('containers have requests and limits', ({ resources }) => {
    const all = [resources?.requests, resources?.limits]
    return all.every((some) => some?.['cpu'] !== undefined && some['memory'] !== undefined)
  }),
  containerRule('memory is not overcommitted', ({ resources }) => {
    return (
      resources?.requests?.['memory'] === resources?.limits?.['memory'] || 'request is not limit'
    )
  }),
  containerRule('containers cannot get more rights, nor write where they lie', (container) => {
    const { allowPrivilegeEscalation, readOnlyRootFilesystem, capabilities } =
      container.securityContext ?? {}
    return (
      allowPrivilegeEscalation === false &&
      readOnlyRootFilesystem === true &&
      capabilities?.drop?.join() === 'ALL'
    )
  }),
  containerRule('no variable is set twice', ({ env = [] }) => {
    const names = env.map(({ name }) => name)
    return names.find((name, index) => names.indexOf(name) !== index) ?? true
  }),
  podRule('containers are asked how they are', ({ containers }) =>
    containers.every(
      ({ startupProbe, readinessProbe, livenessProbe }) =>
        startupProbe !== undefined && readinessProbe !== undefined && livenessProbe !== undefined,
    ),
  ),
  podRule('probes ask at ports that there are', ({ containers }) => {
    const odd = containers.find((container) => !asksOwnPorts(container))
    return odd === undefined || odd.name
  }),
  podRule('pods are not root, and calls of the kernel are filtered', ({ securityContext }) => {
    const { runAsNonRoot, runAsUser = 0, seccompProfile } = securityContext ?? {}
    return runAsNonRoot === true && runAsUser > 0 && seccompProfile?.type === 'RuntimeDefault'
  }),
  podRule('pods have no key to Kubernetes, and no variables of its services', (pod) => {
    return pod.automountServiceAccountToken === false && pod.enableServiceLinks === false
  }),
]

function asksOwnPorts({ ports = [], ...container }: Container): boolean {
  const { startupProbe, readinessProbe, livenessProbe } = container
  return [startupProbe, readinessProbe, livenessProbe].every((probe) => {
    const port = probe?.httpGet?.port
    return (
      port === undefined ||
      ports.some(({ name, containerPort }) => [name, containerPort].includes(port))
    )
  })
}

/** @param isRight true, or what is wrong with it */
function containerRule(name: string, isRight: (container: Container) => boolean | string): Rule {
  return podRule(name, ({ containers, initContainers = [] }) => {
    for (const container of [...containers, ...initContainers]) {
      const answer = isRight(container)
      if (answer !== true) return `${container.name}${answer === false ? '' : ` (${answer})`}`
    }
    return true
  })
}

function podRule(name: string, isRight: (pod: PodSpec) => boolean | string): Rule {
  const check = (objects: readonly KubeObject[]) =>
    [...statefulSetsOf(objects)].flatMap(([set, { template }]) => {
      const answer = isRight(template.spec)
      return answer === true ? [] : [`${name}: ${set}${answer === false ? '' : `, ${answer}`}`]
    })
  return { name, check }
}
