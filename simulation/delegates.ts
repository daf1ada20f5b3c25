/**
 * Logs, stores and peers that do as another one does, but for some methods.
 */
import type { Peers } from '../cluster/peers/peers.ts'
import type { LinkStore } from '../persistence/store/link-store.ts'
import type { Log } from '../persistence/log/log.ts'

export function delegateLog(log: Log, changed: Partial<Log>): Log {
  return {
    append: log.append.bind(log),
    last: log.last.bind(log),
    readAfter: log.readAfter.bind(log),
    trim: log.trim.bind(log),
    addDeadLetter: log.addDeadLetter.bind(log),
    deadLetters: log.deadLetters.bind(log),
    removeDeadLetter: log.removeDeadLetter.bind(log),
    bytes: log.bytes.bind(log),
    close: log.close.bind(log),
    ...changed,
  }
}

export function delegateStore(store: LinkStore, changed: Partial<LinkStore>): LinkStore {
  return {
    get: store.get.bind(store),
    write: store.write.bind(store),
    load: store.load.bind(store),
    partitionsPerLoad: store.partitionsPerLoad.bind(store),
    checkpoints: store.checkpoints.bind(store),
    saveCheckpoints: store.saveCheckpoints.bind(store),
    removeTombstones: store.removeTombstones.bind(store),
    list: store.list.bind(store),
    tags: store.tags.bind(store),
    codesOfTags: store.codesOfTags.bind(store),
    close: store.close.bind(store),
    ...changed,
  }
}

export function delegatePeers(peers: Peers, changed: Partial<Peers>): Peers {
  return {
    nodeId: peers.nodeId,
    open: peers.open.bind(peers),
    handle: peers.handle.bind(peers),
    call: peers.call.bind(peers),
    broadcast: peers.broadcast.bind(peers),
    listen: peers.listen.bind(peers),
    get isConnected() {
      return peers.isConnected
    },
    close: peers.close.bind(peers),
    ...changed,
  }
}
