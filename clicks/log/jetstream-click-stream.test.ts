import test from 'ava'
import { NatsError, type ApiError, type JetStreamManager, type StreamConfig } from 'nats'
import type { EpochMs } from '../../links/ids.ts'
import { openClickStream } from './jetstream-click-stream.ts'

const NOT_FOUND = { code: 404, err_code: 10059, description: 'stream not found' }
const IN_USE = {
  code: 400,
  err_code: 10058,
  description: 'stream name already in use with a different configuration',
}

test('a stream that another node is just making is waited for', async (t) => {
  let config: Partial<StreamConfig> = {}
  const looks: (ApiError | undefined)[] = [NOT_FOUND, NOT_FOUND, undefined]
  const streams = {
    info: async () => {
      const refusal = looks.shift()
      if (refusal === undefined) return { config }
      throw refusalOf(refusal)
    },
    add: async (wanted: Partial<StreamConfig>) => {
      config = wanted
      throw refusalOf(IN_USE)
    },
  }
  await openClickStream({ streams } as unknown as JetStreamManager, {
    namespace: 'tinygrid',
    replicas: 3,
    bytesMax: 1e6,
    ageMaxMs: 1e6,
    identity: 'x',
    now: () => 1 as EpochMs,
  })
  t.deepEqual(looks, [])
})

function refusalOf(refusal: ApiError): NatsError {
  const error = new NatsError(refusal.description, String(refusal.code))
  error.api_error = refusal
  return error
}
