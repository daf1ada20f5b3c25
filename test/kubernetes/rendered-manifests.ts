/**
 * The manifests of `k8s/` as kustomize renders them, and as much of their shape as the rules read.
 *
 * Used by the tests of Kubernetes. Rendering and strict decoding are done by `manifests.go`; what its types
 * have refused is told with the objects.
 */
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { findProgram } from '../services/service-program.ts'

export interface Rendered {
  readonly directory: string
  /** Why it could not be rendered. */
  readonly error?: string
  readonly objects: readonly KubeObject[]
  /** What Kubernetes' own types do not take. */
  readonly refused: readonly string[]
  /** Custom resources, which those types do not know. */
  readonly unknown: readonly string[]
}

export type Labels = Readonly<Record<string, string>>

export interface KubeObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels?: Labels }
  readonly spec?: unknown
  readonly data?: Labels
}

export interface StatefulSetSpec {
  readonly replicas?: number
  readonly serviceName: string
  readonly minReadySeconds?: number
  readonly podManagementPolicy?: string
  readonly persistentVolumeClaimRetentionPolicy?: { readonly whenScaled: string }
  readonly selector: Selector
  readonly template: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec }
}

export interface Selector {
  readonly matchLabels?: Labels
  readonly matchExpressions?: readonly unknown[]
}

export interface PodSpec {
  readonly enableServiceLinks?: boolean
  readonly automountServiceAccountToken?: boolean
  readonly serviceAccountName?: string
  readonly terminationGracePeriodSeconds?: number
  readonly securityContext?: {
    readonly runAsNonRoot?: boolean
    readonly runAsUser?: number
    readonly seccompProfile?: { readonly type: string }
  }
  readonly topologySpreadConstraints?: readonly { readonly labelSelector: Selector }[]
  readonly containers: readonly Container[]
  readonly initContainers?: readonly Container[]
}

export interface Container {
  readonly name: string
  readonly image: string
  readonly args?: readonly string[]
  readonly env?: readonly EnvVar[]
  readonly envFrom?: readonly { readonly configMapRef: { readonly name: string } }[]
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
  readonly resources?: {
    readonly requests?: Readonly<Record<string, string>>
    readonly limits?: Readonly<Record<string, string>>
  }
  readonly securityContext?: {
    readonly allowPrivilegeEscalation?: boolean
    readonly readOnlyRootFilesystem?: boolean
    readonly capabilities?: { readonly drop?: readonly string[] }
  }
  readonly startupProbe?: Probe
  readonly readinessProbe?: Probe
  readonly livenessProbe?: Probe
  readonly lifecycle?: { readonly preStop?: { readonly sleep?: { readonly seconds: number } } }
}

interface EnvVar {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string; readonly key: string } }
}

export interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string | number }
  readonly periodSeconds?: number
  readonly timeoutSeconds?: number
  readonly failureThreshold?: number
}

const K8S = path.resolve(import.meta.dirname, '../../k8s')
const RENDER_MS_MAX = 60_000
const OUTPUT_BYTES_MAX = 2 ** 26

/** @param overlays directories, or names of those in `k8s/overlays` */
export function renderManifests(...overlays: readonly string[]): readonly Rendered[] {
  const directories = overlays.map((overlay) => path.resolve(K8S, 'overlays', overlay))
  const text = execFileSync(findProgram('manifests')!.path, directories, {
    encoding: 'utf8',
    timeout: RENDER_MS_MAX,
    maxBuffer: OUTPUT_BYTES_MAX,
  })
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Rendered)
}

/** The specs of all objects of a kind, by name. */
export function specsOf<Spec>(objects: readonly KubeObject[], kind: string): Map<string, Spec> {
  const ofKind = objects.filter((object) => object.kind === kind)
  return new Map(ofKind.map(({ metadata, spec }) => [metadata.name, spec as Spec]))
}

export function statefulSetsOf(objects: readonly KubeObject[]): Map<string, StatefulSetSpec> {
  return specsOf<StatefulSetSpec>(objects, 'StatefulSet')
}

/** Those that run Tinygrid. */
export function nodeSetsOf(objects: readonly KubeObject[]): [string, StatefulSetSpec][] {
  return [...statefulSetsOf(objects)].filter(([, { template }]) =>
    template.spec.containers.some(({ name }) => name === 'tinygrid'),
  )
}

export function nodeContainerOf({ template }: StatefulSetSpec): Container {
  return template.spec.containers.find(({ name }) => name === 'tinygrid')!
}

export function matches(selector: Selector | undefined, labels: Labels | undefined): boolean {
  const wanted = Object.entries(selector?.matchLabels ?? {})
  return wanted.every(([name, value]) => labels?.[name] === value)
}
