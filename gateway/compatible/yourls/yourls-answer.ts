/**
 * An answer of YOURLS' interface in the form that was asked for: XML, JSON, JSONP or one line of text. Pure.
 *
 * XML is the default, under `<root>`, as its makers' library writes it. The HTTP status is the answer's
 * `statusCode`, else its `errorCode`, else 200.
 */
export type AnswerValue = string | number | AnswerFields
export interface AnswerFields {
  readonly [name: string]: AnswerValue
}

/** `simple` is told to who wants one line, and to nobody else. */
export interface YourlsAnswer {
  readonly fields: AnswerFields
  readonly simple?: string
}

export interface WrittenAnswer {
  readonly status: number
  readonly type: string
  readonly text: string
}

const CALLBACK = /^[a-zA-Z0-9_$.]{1,128}$/
/** A line break of JavaScript that was smuggled in. */
const UNICODE_ESCAPE = /u[0-9a-fA-F]{4}/
const NOT_XML = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu
const XML_ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

export function writtenAnswer(
  { fields, simple = '' }: YourlsAnswer,
  format: string,
  callback: string | undefined,
): WrittenAnswer {
  const status = Number(fields['statusCode'] || fields['errorCode'] || 200)
  switch (format) {
    case 'json':
      return { status, type: 'application/json', text: JSON.stringify(fields) }
    case 'jsonp':
      return jsonp(status, fields, callback ?? '')
    case 'xml':
      return { status, type: 'application/xml', text: xmlOf(fields) }
    default:
      return { status, type: 'text/plain', text: simple }
  }
}

function jsonp(status: number, fields: AnswerFields, callback: string): WrittenAnswer {
  const type = 'application/javascript'
  if (!CALLBACK.test(callback) || UNICODE_ESCAPE.test(callback)) {
    const text = JSON.stringify({ errorCode: '400', error: 'Invalid callback parameter' })
    return { status: 400, type, text }
  }
  return { status, type, text: `${callback}(${JSON.stringify({ ...fields, callback })})` }
}

function xmlOf(fields: AnswerFields): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<root>${elementsOf(fields)}</root>\n`
}

function elementsOf(fields: AnswerFields): string {
  return Object.entries(fields)
    .map(([name, value]) => {
      const content = typeof value === 'object' ? elementsOf(value) : escaped(String(value))
      return content === '' ? `<${name}/>` : `<${name}>${content}</${name}>`
    })
    .join('')
}

function escaped(text: string): string {
  return text.replaceAll(NOT_XML, '').replaceAll(/[&<>]/g, (sign) => XML_ESCAPES[sign]!)
}
