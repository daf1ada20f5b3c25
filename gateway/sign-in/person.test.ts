import test from 'ava'
import { groupsIn, nameIn, parseGroupRoles, roleOfGroups } from './person.ts'

const ROLES = parseGroupRoles('/admins = admin, team=a=edit,*=read')!

test('the highest role of all groups counts', (t) => {
  t.is(roleOfGroups(ROLES, []), 'read')
  t.is(roleOfGroups(ROLES, ['team=a', 'x']), 'edit')
  t.is(roleOfGroups(ROLES, ['team=a', '/admins']), 'admin')
  t.is(roleOfGroups(parseGroupRoles('a=read')!, ['b', '*', '__proto__']), undefined)
})

test('who names a group after everybody is nobody else', (t) => {
  t.is(roleOfGroups(parseGroupRoles('a=admin')!, ['*']), undefined)
  t.is(roleOfGroups(parseGroupRoles('*=read')!, ['constructor']), 'read')
})

test('groups are found by the name of their claim, or by a path', (t) => {
  t.deepEqual(groupsIn({ groups: ['a', 1, null, 'b'] }, 'groups'), ['a', 'b'])
  t.deepEqual(groupsIn({ groups: 'a' }, 'groups'), ['a'])
  t.deepEqual(groupsIn({ realm_access: { roles: ['a'] } }, 'realm_access.roles'), ['a'])
  t.deepEqual(groupsIn({ 'https://x.example/groups': ['a'] }, 'https://x.example/groups'), ['a'])
  for (const claim of ['other', 'groups.x', 'constructor', '__proto__', 'toString.name']) {
    t.is(groupsIn({ groups: ['a'] }, claim), undefined, claim)
  }
  t.is(groupsIn({ groups: { a: true } }, 'groups'), undefined)
})

test('a name is cut, and has nothing in it that no name has', (t) => {
  t.is(nameIn({ name: '  Ada\u0000\u202e\nL.  ' }), 'AdaL.')
  t.is(nameIn({ name: '', preferred_username: 'ada' }), 'ada')
  t.is(nameIn({ email: 'ada@example.com' }), null)
  t.is(Array.from(nameIn({ name: '😀'.repeat(500) })!).length, 80)
})
