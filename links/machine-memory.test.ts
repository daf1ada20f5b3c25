import test from 'ava'
import { machineMemoryBytes } from './machine-memory.ts'

test('a container has the memory of its limit, whatever the machine around it has', (t) => {
  t.is(machineMemoryBytes(2 ** 31, 2 ** 36), 2 ** 31)
})

test('without a limit there is the memory of the machine', (t) => {
  t.is(machineMemoryBytes(0, 2 ** 36), 2 ** 36)
  t.is(machineMemoryBytes(2 ** 64, 2 ** 36), 2 ** 36)
})
