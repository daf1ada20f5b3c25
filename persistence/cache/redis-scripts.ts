/**
 * What Redis does in one step for the fallback cache, as scripts, and the bytes that they take.
 *
 * Used by `redis-fallback-cache.ts`. A script holds up Redis while it runs, so none has more to do than
 * one put of some versions.
 */
import type { Redis } from 'ioredis'
import type { Code, LogPosition } from '../../links/ids.ts'
import type { LinkRecord, LinkVersion } from '../../links/link-record.ts'

const POSITION_BYTES = 6

/**
 * KEYS: the generation's key. ARGV: the generation, the time to live in milliseconds, what the keys of
 * versions start with, and the versions as `packed` has them: an argument for each key and value
 * costs Redis and the driver more than all the rest. Puts nothing and says 0 if the generation is
 * another one. Most versions are of new links, which one command settles. Positions are compared as
 * numbers: Redis compares strings by its locale.
 */
const PUT_SCRIPT = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local packed, at = ARGV[4], 1
while at <= #packed do
  local code, given
  code, given, at = struct.unpack('>I1c0I4c0', packed, at)
  local key = ARGV[3] .. code
  if not redis.call('SET', key, given, 'PX', ARGV[2], 'NX') then
    local held = redis.call('GETRANGE', key, 0, ${POSITION_BYTES - 1})
    if struct.unpack('>I6', held) < struct.unpack('>I6', given) then
      redis.call('SET', key, given, 'PX', ARGV[2])
    end
  end
end
return 1`

/** How a script tells the number of a generation. What has none came first. */
const NUMBER_OF = `
local function numberOf(generation)
  return tonumber(string.match(generation or '', '^(%d+)-')) or 0
end
`

/** ARGV: a generation. Says which one holds: this one, unless there is one that is not older. */
const SETTLE_SCRIPT = `${NUMBER_OF}
local held = redis.call('GET', KEYS[1])
if held and numberOf(held) >= numberOf(ARGV[1]) then return held end
redis.call('SET', KEYS[1], ARGV[1])
return ARGV[1]`

/** ARGV: the newest generation known here, and a word. Says which generation begins. */
const CLEAR_SCRIPT = `${NUMBER_OF}
local last = math.max(numberOf(redis.call('GET', KEYS[1])), numberOf(ARGV[1]))
local generation = string.format('%d-%s', last + 1, ARGV[2])
redis.call('SET', KEYS[1], generation)
return generation`

export type Scripted = Redis & {
  putVersions(
    keyCount: 1,
    generationKey: string,
    generation: string,
    ttlMs: number,
    keyStart: string,
    packed: Buffer,
  ): Promise<number>
  settle(keyCount: 1, generationKey: string, generation: string): Promise<string>
  begin(keyCount: 1, generationKey: string, known: string, word: string): Promise<string>
}

export const SCRIPTS = {
  putVersions: { lua: PUT_SCRIPT },
  settle: { lua: SETTLE_SCRIPT },
  begin: { lua: CLEAR_SCRIPT },
}

export function numberOf(generation: string | undefined): number {
  return Number(/^(\d+)-/.exec(generation ?? '')?.[1] ?? 0)
}

/** One after the other: u8 length of the code, code; u32 length of the value, value; big-endian. */
export function packed(versions: readonly LinkVersion[]): Buffer {
  const lengths = versions.map(({ code, record }) => {
    return 1 + code.length + 4 + POSITION_BYTES + record.length
  })
  const bytes = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + length, 0))
  let at = 0
  for (const { code, position, record } of versions) {
    at = bytes.writeUInt8(code.length, at)
    at += bytes.write(code, at, 'latin1')
    at = bytes.writeUInt32BE(POSITION_BYTES + record.length, at)
    at = bytes.writeUIntBE(position, at, POSITION_BYTES)
    at += record.copy(bytes, at)
  }
  return bytes
}

export function versionOf(code: Code, value: Buffer): LinkVersion {
  const position = value.readUIntBE(0, POSITION_BYTES) as LogPosition
  return { code, position, record: value.subarray(POSITION_BYTES) as LinkRecord }
}
