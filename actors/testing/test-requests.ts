/** Create requests for tests of this folder: a plain link, different where a test says so. */
import type { Code } from '../../links/ids.ts'
import type { CreateRequest } from '../../links/link-owner.ts'

export function createRequest(code: Code, fields: Partial<CreateRequest> = {}): CreateRequest {
  return {
    kind: 'create',
    code,
    url: 'https://example.org/',
    title: null,
    tags: [],
    expiresAt: null,
    maxVisits: null,
    isAlias: false,
    reuse: true,
    ...fields,
  }
}
