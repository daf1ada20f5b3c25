/**
 * The Raft groups of NATS servers (one for each replicated stream, one for JetStream's own list): what
 * servers tell of them, which of them have lost their leader, and how their members are called to elect.
 *
 * Used by `election-caller.ts`; pure. Groups, states and terms are those of the servers' answers to
 * `$SYS.REQ.SERVER.PING.RAFTZ`. A call is a request for votes, as a member would send it (`raft.go`,
 * `voteRequest`: term, last term and index of its log, its name; 8 bytes each, little-endian). It says of
 * itself that its log is empty, so nobody with a log grants it; but its term is new, so all members stop
 * waiting for the leader of the old one, and those with a log stand as candidates within a second. What they
 * elect by is their own: Raft's safety does not depend on when an election is held. Servers that understand
 * no such request ignore it.
 */
import { isCount, isFields, type Fields } from '../stored-value.ts'

/** What one server says of a group that it is a member of. */
export interface RaftMember {
  readonly group: string
  readonly isLeader: boolean
  /** Whether it takes anybody for the leader. */
  readonly hasLeader: boolean
  readonly term: number
  /** How many members an election takes. */
  readonly quorum: number
}

export interface Election {
  readonly group: string
  /** In which the members stop waiting for their leader. */
  readonly term: number
}

export interface Leaderless extends Election {
  /** For a leader who is gone. Else its members elect already, and a call would have them begin again. */
  readonly isWaiting: boolean
}

const CALL_BYTES = 32
const CANDIDATE_AT = 24
/** It becomes a part of a subject. */
const SERVER_ID = /^\w{1,64}$/
/** Nobody's name among members, which are hashes: as long as theirs. */
const CANDIDATE = 'tinygrid'
const TERM_MAX = Number.MAX_SAFE_INTEGER - 1

/** What is no answer of a server has no members. */
export function membersIn(answer: string): RaftMember[] {
  return groupsIn(answer).flatMap(([group, { state, term, leader, quorum_needed: quorum }]) => {
    if (!isCount(term, TERM_MAX) || !isCount(quorum)) return []
    return [{ group, term, quorum, isLeader: state === 'LEADER', hasLeader: leader !== undefined }]
  })
}

/** The server that answers; undefined: it is no answer of one. */
export function serverIn(answer: string): string | undefined {
  const told = jsonOf(answer)
  const server = isFields(told) ? told['server'] : undefined
  const id = isFields(server) ? server['id'] : undefined
  return typeof id === 'string' && SERVER_ID.test(id) ? id : undefined
}

/** They are told by account, then by group. */
function groupsIn(answer: string): [string, Fields][] {
  const told = jsonOf(answer)
  const data = isFields(told) ? told['data'] : undefined
  const accounts = isFields(data) ? Object.values(data) : []
  const groups = accounts.filter(isFields).flatMap((account) => Object.entries(account))
  return groups.filter((entry): entry is [string, Fields] => isFields(entry[1]))
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Groups whose leader is not among those who answered, though there are enough to elect another. */
export function leaderless(members: readonly RaftMember[]): Leaderless[] {
  const found: Leaderless[] = []
  for (const [group, all] of Map.groupBy(members, (member) => member.group)) {
    const term = Math.max(...all.map((member) => member.term))
    // A leader of an older term is one that was cut off and does not know of its end.
    const newest = all.filter((member) => member.term === term)
    if (newest.some(({ isLeader }) => isLeader) || all.length < all[0]!.quorum) continue
    found.push({ group, term: term + 1, isWaiting: newest.some(({ hasLeader }) => hasLeader) })
  }
  return found
}

/** The subject and the payload of a call. With term 0 it calls nobody, and is answered all the same. */
export function electionCall({ group, term }: Election): { subject: string; payload: Buffer } {
  const payload = Buffer.alloc(CALL_BYTES)
  payload.writeBigUInt64LE(BigInt(term))
  payload.write(CANDIDATE, CANDIDATE_AT, 'latin1')
  return { subject: `$NRG.V.${group}`, payload }
}
