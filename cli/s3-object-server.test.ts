/** Objects in a real server that speaks S3: it knows signatures, parts and refusals better than a stand-in. */
import type { ExecutionContext } from 'ava'
import { randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { CuttingProxy } from '../clicks/testing/cutting-proxy.ts'
import { S3Service } from '../test/services/s3-service.ts'
import { testWith } from '../test/services/service-test.ts'
import { S3Object } from './s3-object.ts'

const s3Test = testWith('s3')
const PLACE = 's3://the-bucket/some folder/b+c=1.tgb'
const PIECE_BYTES = 3 * 2 ** 20

async function start(t: ExecutionContext) {
  const server = await S3Service.start()
  t.teardown(() => server.close())
  await server.makeBucket('the-bucket')
  const through = (url: string, more = {}) =>
    S3Object.at(PLACE, { ...server.env, AWS_ENDPOINT_URL: url, ...more })
  return { server, object: through(server.url), through }
}

s3Test('a stream in parts is one object once it is committed, and none before', async (t) => {
  const { server, object } = await start(t)
  const pieces = Array.from({ length: 7 }, () => randomBytes(PIECE_BYTES))
  const upload = await object.upload()
  for (const piece of pieces) await upload.write(piece)
  await t.throwsAsync(() => object.size(), { message: /NoSuchKey/ })
  t.is(await server.uploads('the-bucket'), 1)
  await upload.commit()
  t.is(await server.uploads('the-bucket'), 0)
  t.is(await object.size(), 7 * PIECE_BYTES)
  t.true((await buffer(object.read())).equals(Buffer.concat(pieces)))

  const left = await object.upload()
  await left.write(randomBytes(9 * 2 ** 20))
  await left.abandon()
  t.is(await server.uploads('the-bucket'), 0)
  t.is(await object.size(), 7 * PIECE_BYTES)
})

s3Test('whichever request or answer is cut off, the object is whole', async (t) => {
  const { server, object, through } = await start(t)
  const proxy = await CuttingProxy.start(server.url)
  t.teardown(() => proxy.close())
  const content = randomBytes(9 * 2 ** 20)
  // One to begin, two parts, one to commit.
  for (const number of [1, 2, 3]) {
    for (const where of ['request', 'answer'] as const) {
      proxy.set({ number, where })
      const upload = await through(proxy.url).upload()
      await upload.write(content.subarray(0, 8.5 * 2 ** 20))
      await upload.write(content.subarray(8.5 * 2 ** 20))
      await upload.commit()
      t.true((await buffer(object.read())).equals(content), `${number} ${where}`)
    }
  }
  for (const where of ['request', 'answer'] as const) {
    proxy.set({ number: 1, where })
    t.true((await buffer(through(proxy.url).read())).equals(content))
  }
})

s3Test('what is refused is told in the words of the server, whatever was asked', async (t) => {
  const { server, through } = await start(t)
  const wrong = [
    [through(server.url, { AWS_SECRET_ACCESS_KEY: 'another' }), /SignatureDoesNotMatch/],
    [S3Object.at('s3://another-bucket/x', server.env), /NoSuchBucket: The specified bucket does/],
    [through(server.url, { AWS_REGION: 'eu-north-7' }), /expecting ["']us-east-1["']/],
  ] as const
  for (const [object, message] of wrong) {
    await t.throwsAsync(() => object.upload(), { message })
    await t.throwsAsync(() => object.size(), { message })
    await t.throwsAsync(() => buffer(object.read()), { message })
  }
})
