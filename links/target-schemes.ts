/**
 * Which schemes a link may lead to at all.
 *
 * Used where targets are checked (`target-url.ts`), where the settings name schemes, and by the web page,
 * which makes nothing clickable that is not among them. Pure, and without imports, since browsers load
 * it. A list of what is forbidden, not of what is allowed: apps make up schemes of their own, and an
 * operator names those that links may have.
 */

export const WEB_SCHEMES = ['http', 'https'] as const

/**
 * They run what stands in them, open what is the visitor's own, or are inside of a browser: no link of
 * somebody else's may lead there. The last line is what no browser can go to.
 */
const NEVER_TARGETS: ReadonlySet<string> = new Set(
  `
  javascript vbscript livescript mocha data blob filesystem
  file jar mhtml mk res resource view-source about wyciwyg
  chrome chrome-extension moz-extension safari-web-extension edge opera
  ws wss
`
    .trim()
    .split(/\s+/),
)

/** As URL parsers leave a scheme; so long that every real one fits. */
const SCHEME = /^[a-z][a-z0-9+.-]{0,31}$/

/** @param scheme without its colon */
export function isTargetScheme(scheme: string): boolean {
  return SCHEME.test(scheme) && !NEVER_TARGETS.has(scheme)
}

export function isWebScheme(scheme: string): boolean {
  return scheme === 'http' || scheme === 'https'
}
