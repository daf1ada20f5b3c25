import test from 'ava'
import { checkPacket, KnownInfos } from './moleculer-packet.ts'

const own = { name: 'a.1-1', version: '5', instance: 'mine' }
const from = { ver: '5', sender: 'b.1-1' }
const INFO = { ...from, instanceID: 'other', services: [] }
const REQ = { ...from, id: 'x', action: 'tinygrid.call', stream: false }

test('packets of nodes pass, own ones too', (t) => {
  t.notThrows(() => checkPacket('INFO', INFO, own))
  t.notThrows(() => checkPacket('REQ', REQ, own))
  t.notThrows(() => checkPacket('RES', { ...from, id: 'x' }, own))
  t.notThrows(() => checkPacket('HEARTBEAT', { ...from, cpu: 1 }, own))
  const mine = { ...INFO, sender: own.name, instanceID: own.instance }
  t.notThrows(() => checkPacket('INFO', mine, own))
})

test('whoever pretends to be this process is not heard', (t) => {
  const forged = { ...INFO, sender: own.name }
  t.throws(() => checkPacket('INFO', forged, own), { message: /pretends to be of this node/ })
})

test('who is known by an INFO cannot be replaced or emptied by another one', (t) => {
  const infos = new KnownInfos('tinygrid')
  const services = [{ name: 'tinygrid' }]
  t.true(infos.hears({ ...INFO, seq: 1 }))
  t.true(infos.hears({ ...INFO, seq: 2, services }))
  t.false(infos.hears({ ...INFO, seq: 3 }), 'it stops, or somebody says so')
  t.throws(() => infos.hears({ ...INFO, seq: 3, services, instanceID: 'stranger' }), {
    message: /of another process/,
  })
  t.throws(() => infos.hears({ ...INFO, services }), { message: /no number/ })
  t.true(infos.hears({ ...INFO, seq: 3, services }))
})

test('anything else is refused', (t) => {
  const wrong: readonly (readonly [string, unknown])[] = [
    ['REQ', null],
    ['REQ', []],
    ['REQ', 'x'],
    ['REQ', { ...REQ, ver: '4' }],
    ['REQ', { ...REQ, sender: 'b' }],
    ['REQ', { ...REQ, sender: 'b.1-1\r\nPUB x 0' }],
    ['REQ', { ...REQ, sender: {} }],
    ['REQ', { ...REQ, id: 7 }],
    ['REQ', { ...REQ, action: undefined }],
    ['REQ', { ...REQ, stream: true }],
    ['RES', from],
    ['EVENT', from],
    ['INFO', { ...INFO, services: {} }],
    ['INFO', { ...INFO, instanceID: 1 }],
    ['GOSSIP_HELLO', from],
  ]
  for (const [command, payload] of wrong) {
    const text = JSON.stringify(payload)
    t.throws(() => checkPacket(command, payload, own), { name: 'Malformed' }, text)
  }
})
