/**
 * The settings of links: where they may lead, how long their URLs may be, and what their codes look like.
 *
 * Part of the one list in `config.ts`. They hold for links that are made or changed from then on; a link
 * that was made under other ones goes on as it is.
 */
import { CODE_LENGTH_MAX } from '../links/ids.ts'
import { URL_BYTES_DEFAULT, URL_BYTES_MAX } from '../links/link.ts'
import { isTargetScheme, WEB_SCHEMES } from '../links/target-schemes.ts'
import { CODE_CASES } from '../links/code-case.ts'
import { FOREIGN_INTERFACES } from '../gateway/compatible/foreign-interfaces.ts'
import { choice, integer, listSetting, severalOf } from './setting.ts'

const SCHEMES_MAX = 32

export const LINK_SETTINGS = {
  targetSchemes: listSetting('TINYGRID_TARGET_SCHEMES', {
    fallback: WEB_SCHEMES.join(','),
    itemsMax: SCHEMES_MAX,
    parseItem: (word) => {
      const scheme = word.toLowerCase()
      return isTargetScheme(scheme) ? scheme : undefined
    },
    takes:
      `1 to ${SCHEMES_MAX} schemes without a colon, such as http,https,mailto,tel, and never one that runs ` +
      'code or opens what is the visitor’s own (javascript, data, vbscript, file, blob and their like)',
    about: 'schemes of the URLs that links may lead to',
  }),
  urlBytesMax: integer('TINYGRID_URL_BYTES_MAX', {
    fallback: String(URL_BYTES_DEFAULT),
    min: 2_048,
    max: URL_BYTES_MAX,
    unit: 'bytes',
    about: 'longest URL that a link may lead to, as it is written in ASCII',
  }),
  codeCase: choice('TINYGRID_CODE_CASE', {
    fallback: 'sensitive',
    of: CODE_CASES,
    about:
      'whether /Abc and /abc are two links or one, fixed when the data are made; where case does not ' +
      'matter codes are kept in small letters',
  }),
  aliasLengthMax: integer('TINYGRID_ALIAS_LENGTH_MAX', {
    fallback: '8',
    min: 1,
    max: CODE_LENGTH_MAX,
    unit: 'characters',
    about: 'longest code that a user may choose',
  }),
  interfaces: severalOf('TINYGRID_INTERFACES', {
    of: FOREIGN_INTERFACES,
    about: 'interfaces of other shorteners that are answered beside our own; none by default',
  }),
  codeLength: integer('TINYGRID_CODE_LENGTH', {
    fallback: '7',
    min: 4,
    max: 32,
    unit: 'characters',
    about: 'length of generated codes',
  }),
} as const
