/** A text that is nowhere kept, for a gateway that keeps none. */
import { TinygridError } from '../../links/errors.ts'
import type { KeptText } from './kept-text.ts'

export const NO_TEXT: KeptText = {
  current: undefined,
  change: () => Promise.reject(new TinygridError('list_unavailable')),
  onChange: () => () => {},
  close: async () => {},
}
