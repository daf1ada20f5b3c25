/**
 * The environment of a container as Kubernetes would make it, from what is rendered beside it.
 *
 * Used by the rules and by the test that runs nodes as the manifests say. Secrets are read from the Secret
 * that is rendered; `withSecrets` puts others in their place, as an operator does.
 */
import { readConfig, type Config } from '../../config.ts'
import type { Container, KubeObject } from './rendered-manifests.ts'

const REFERENCE = /\$\((\w+)\)/g

/** @throws Error that names what is not there */
export function environmentOf(
  { env = [], envFrom = [] }: Container,
  objects: readonly KubeObject[],
): Record<string, string> {
  const values: Record<string, string> = {}
  for (const { configMapRef } of envFrom) {
    Object.assign(values, dataOf(objects, 'ConfigMap', configMapRef.name))
  }
  for (const { name, value, valueFrom } of env) {
    const secret = valueFrom?.secretKeyRef
    if (secret === undefined) values[name] = expand(value ?? '', values, name)
    else values[name] = secretOf(objects, secret)
  }
  return values
}

/** @throws Error that names what is not there */
export function argumentsOf(
  { name, args = [] }: Container,
  environment: Readonly<Record<string, string>>,
): readonly string[] {
  return args.map((arg) => expand(arg, environment, `an argument of ${name}`))
}

/** As if every placeholder had been replaced. */
export function withSecrets(objects: readonly KubeObject[]): readonly KubeObject[] {
  return objects.map((object) => {
    if (object.kind !== 'Secret') return object
    const data = Object.keys(object.data ?? {}).map((key) => [
      key,
      btoa(`t-${key}-0123456789abcdef`),
    ])
    return { ...object, data: Object.fromEntries(data) as Record<string, string> }
  })
}

/** @throws ConfigError as a node would that is started so */
export function configOf(container: Container, objects: readonly KubeObject[]): Config {
  return readConfig(environmentOf(container, objects))
}

function dataOf(objects: readonly KubeObject[], kind: string, name: string) {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name)
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`)
  return found.data ?? {}
}

function secretOf(
  objects: readonly KubeObject[],
  { name, key }: { readonly name: string; readonly key: string },
): string {
  const value = dataOf(objects, 'Secret', name)[key]
  if (value === undefined) throw new Error(`the Secret ${name} has no ${key}`)
  return atob(value)
}

/** Kubernetes leaves a reference as it is if nothing of that name stands before it. */
function expand(text: string, values: Readonly<Record<string, string>>, name: string): string {
  return text.replaceAll(REFERENCE, (_, wanted: string) => {
    const value = values[wanted]
    if (value === undefined) throw new Error(`${name} refers to ${wanted}, which is not before it`)
    return value
  })
}
