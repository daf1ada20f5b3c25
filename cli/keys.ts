/**
 * The keys command: makes, lists, changes and revokes keys to the interface, by the interface.
 *
 * A new key goes to standard output alone, so that it can be piped to where it is to be kept; what is said
 * about it goes to standard error.
 */
import { ApiClient, assertAccepted, Unreachable, type ApiReply } from './api-client.ts'
import { CommandError, EXIT_CODES, runCommand } from './command-error.ts'
import { KEYS_HELP, parseKeysOptions, type KeysTask } from './keys-options.ts'
import { apiKey, commandEnvironment, serverUrl } from './server-address.ts'

const PATH = '/api/keys'

interface ListedKey {
  readonly id: string
  readonly name: string
  readonly role: string
  readonly expiresAt: string | null
  readonly requestsPerMinuteMax: number | null
  readonly tags: readonly string[]
  /** A server of an older version does not tell. */
  readonly domains?: readonly string[]
  readonly lastUsedAt: string | null
}

await runCommand(async () => {
  const options = parseKeysOptions(process.argv.slice(2))
  if (options === undefined) {
    console.log(KEYS_HELP)
    return EXIT_CODES.done
  }
  const env = await commandEnvironment()
  const key = await apiKey(options.key, env)
  const client = new ApiClient(serverUrl(options.url, env), key)
  const { body } = await ask(client, options.task)
  if (options.isJson) console.log(JSON.stringify(body ?? {}))
  else tell(options.task, body)
  return EXIT_CODES.done
})

/** @throws CommandError with what the server says */
async function ask(client: ApiClient, task: KeysTask): Promise<ApiReply> {
  const reply = await callFor(client, task).catch((error: unknown) => {
    if (!(error instanceof Unreachable)) throw error
    throw new CommandError(`${client.baseUrl.origin} does not answer: ${error.message}`)
  })
  if (reply.status < 300) return reply
  const problem = (reply.body ?? {}) as { code?: string; detail?: string; title?: string }
  if (problem.code === undefined || reply.status === 401) assertAccepted(reply, client)
  const why = problem.detail ?? problem.title ?? `status ${reply.status}`
  throw new CommandError(why, EXIT_CODES.refused)
}

function callFor(client: ApiClient, task: KeysTask): Promise<ApiReply> {
  switch (task.kind) {
    case 'list':
      return client.call('GET', PATH)
    case 'make':
      return client.call('POST', PATH, task.fields)
    case 'change':
      return client.call('PATCH', `${PATH}/${encodeURIComponent(task.id)}`, task.fields)
    case 'revoke':
      return client.call('DELETE', `${PATH}/${encodeURIComponent(task.id)}`)
  }
}

function tell(task: KeysTask, body: unknown): void {
  if (task.kind === 'change') console.error(`${task.id} is changed.`)
  else if (task.kind === 'revoke') console.error(`${task.id} is revoked.`)
  else if (task.kind === 'make') {
    const { id, key } = body as { id: string; key: string }
    console.error(`Made ${id}. This is the key; it is shown this once:`)
    console.log(key)
  } else {
    const { keys } = body as { keys: readonly ListedKey[] }
    for (const line of tableOf(keys)) console.log(line)
    if (keys.length === 0) console.error('There is none but that of the settings.')
  }
}

function tableOf(keys: readonly ListedKey[]): string[] {
  if (keys.length === 0) return []
  const rows = keys.map((key) => [
    key.id,
    key.name,
    key.role,
    key.lastUsedAt ?? 'never',
    key.expiresAt ?? 'never',
    key.requestsPerMinuteMax === null ? '-' : String(key.requestsPerMinuteMax),
    key.tags.join(','),
    (key.domains ?? []).join(','),
  ])
  const all = [
    ['id', 'name', 'role', 'last used', 'expires', 'a minute', 'tags', 'domains'],
    ...rows,
  ]
  const widths = all[0]!.map((_, at) => Math.max(...all.map((row) => row[at]!.length)))
  return all.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at]!))
      .join('  ')
      .trimEnd(),
  )
}
