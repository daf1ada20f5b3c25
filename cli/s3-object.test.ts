/** Objects in S3 by requests whose signatures a second implementation checks. */
import test, { type ExecutionContext } from 'ava'
import { randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { S3Object } from './s3-object.ts'
import { S3_KEYS, S3Server } from './testing/s3-server.ts'

const PLACE = 's3://the-bucket/some folder/b+c=1.tgb'
const NAME = '/the-bucket/some folder/b+c=1.tgb'
const PIECE_BYTES = 3 * 2 ** 20

async function start(t: ExecutionContext) {
  const server = new S3Server()
  const env = { ...S3_KEYS, AWS_ENDPOINT_URL: await server.listen(), AWS_REGION: 'eu-north-7' }
  t.teardown(() => server.close())
  return { server, object: S3Object.at(PLACE, env), env }
}

test('a stream is uploaded in parts, and read as it was', async (t) => {
  const { server, object } = await start(t)
  const pieces = Array.from({ length: 7 }, () => randomBytes(PIECE_BYTES))
  const upload = await object.upload()
  for (const piece of pieces) await upload.write(piece)
  t.false(server.objects.has(NAME))
  await upload.commit()
  t.true(server.objects.get(NAME)!.equals(Buffer.concat(pieces)))
  t.true(server.largestPart <= 8 * 2 ** 20 + PIECE_BYTES, `${server.largestPart}`)
  t.is(await object.size(), 7 * PIECE_BYTES)
  t.true((await buffer(object.read())).equals(Buffer.concat(pieces)))
})

test('what fails on the way is tried again, and a reading goes on where it was cut off', async (t) => {
  const { server, object } = await start(t)
  server.faults.push(503, 0)
  const upload = await object.upload()
  server.faults.push(500)
  await upload.write(randomBytes(9 * 2 ** 20))
  server.faults.push(0)
  await upload.commit()
  server.cutAfter = 5 * 2 ** 20
  t.true((await buffer(object.read())).equals(server.objects.get(NAME)!))
})

test('what is abandoned is no object', async (t) => {
  const { server, object } = await start(t)
  const upload = await object.upload()
  await upload.write(randomBytes(9 * 2 ** 20))
  t.is(server.uploads.size, 1)
  await upload.abandon()
  t.is(server.uploads.size, 0)
  t.is(server.objects.size, 0)
})

test('what is refused is told', async (t) => {
  const { object, env } = await start(t)
  await t.throwsAsync(() => object.size(), { message: /b\+c=1\.tgb cannot be used: status 404/ })
  const wrong = S3Object.at(PLACE, { ...env, AWS_SECRET_ACCESS_KEY: 'another' })
  await t.throwsAsync(() => wrong.upload(), { message: /cannot be used: status 403.*signature/ })
  t.throws(() => S3Object.at('s3://nothing', env), { message: /is no place in S3/ })
  t.throws(() => S3Object.at(PLACE, {}), { message: /Set AWS_ACCESS_KEY_ID/ })
})
