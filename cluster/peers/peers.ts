/**
 * The peers seam: how nodes ask each other, and tell each other.
 *
 * A call goes to one node by name and either returns what that node's handler returned or rejects:
 * with the TinygridError that the handler threw (its code, detail and `owner` hint survive the way),
 * or with `owner_unavailable` when there was no answer in time; then nothing is known of its effect.
 * A call may be answered twice or late; the caller sees at most one answer. Messages are plain data,
 * fit for JSON. A broadcast reaches each other node once, later or never.
 */
import type { NodeId } from '../../links/ids.ts'

/**
 * Answers the calls of one name: with what it returns, or what the promise that it returns does.
 * Throws Malformed for what it does not understand; the caller then gets bad_request.
 */
export type PeerHandler = (params: unknown, from: NodeId) => unknown

export interface Peers {
  readonly nodeId: NodeId

  /**
   * Shows this node to the others, and resolves when it hears and is heard; they are known a moment
   * later. Called once the node has its lease: until then nobody may take it for the node of its name.
   * @throws StartError
   */
  open(): Promise<void>

  /** Answers calls by this name from now on. One handler per name. */
  handle(name: string, handler: PeerHandler): void

  /** @throws TinygridError owner_unavailable after `timeoutMs`, or the handler's own */
  call(node: NodeId, name: string, params: unknown, timeoutMs: number): Promise<unknown>

  /** Tells every other node. Never throws. */
  broadcast(name: string, params: unknown): void

  /** Calls `listener` with broadcasts of other nodes. */
  listen(name: string, listener: (params: unknown, from: NodeId) => void): void

  /** Whether this node hears from the network at all just now. */
  readonly isConnected: boolean

  close(): Promise<void>
}
