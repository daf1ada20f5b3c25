/**
 * The shorteners whose exports are understood: how each is known by its columns, and what they mean.
 *
 * A product is told by the names of its fields alone, be they columns of a CSV file, of a table, or members of
 * JSON. Names are compared without regard to case, spaces and marks, so `Destination URL` and
 * `destination_url` are one; a member of a member is joined by dots (`meta.maxvisits`). Where a product has
 * several exports, all their names stand here, the one to be preferred first.
 *
 * Sources: shlink-web-component (ExportShortUrlsBtn) and Shlink's REST interface; the table of YOURLS
 * (functions-install.php); Kutt's `sanitize.link` and link model; Dub's link schema and export; Bitly's API 4 and the columns of its
 * CSV; the link objects of Rebrandly, Short.io and TinyURL; the queries of Chhoto URL. Where the columns of an
 * export are nowhere written down (Rebrandly, Short.io, TinyURL), the names of the API stand for them.
 */

export interface Product {
  /** What `--from` calls it. */
  readonly name: string
  readonly title: string
  /** It is this product's if the names of one of these sets are all there. */
  readonly signs: readonly (readonly string[])[]
  /** Where the parts of a link are found; the first one that has a value counts. */
  readonly fields: Readonly<Partial<Record<ForeignField, readonly string[]>>>
  /** What stands between tags in one cell; left out: a comma. */
  readonly tagSeparator?: string
  /** Its links in an SQLite file of its own. */
  readonly sqlite?: string
}

export type ForeignField =
  | 'url'
  | 'code'
  /** A short URL whose path is the code, and whose host the domain where there is no other. */
  | 'shortUrl'
  | 'domain'
  | 'title'
  | 'tags'
  | 'createdAt'
  | 'updatedAt'
  | 'validFrom'
  | 'expiresAt'
  | 'expiredUrl'
  | 'forwardQuery'
  | 'maxVisits'
  | 'visits'
  /** Whether it is switched off. */
  | 'isOff'
  /** Whether it asks for a password, which no export tells. */
  | 'password'

export const PRODUCTS: readonly Product[] = [
  {
    name: 'shlink',
    title: 'Shlink',
    signs: [['shortcode', 'longurl']],
    tagSeparator: '|',
    fields: {
      url: ['longurl'],
      code: ['shortcode'],
      shortUrl: ['shorturl'],
      domain: ['domain'],
      title: ['title'],
      tags: ['tags'],
      createdAt: ['datecreated', 'createdat'],
      validFrom: ['meta.validsince'],
      expiresAt: ['meta.validuntil'],
      maxVisits: ['meta.maxvisits'],
      forwardQuery: ['forwardquery'],
      visits: ['visitssummary.total', 'visitscount', 'visits'],
    },
  },
  {
    name: 'yourls',
    title: 'YOURLS',
    signs: [['keyword', 'url']],
    fields: {
      url: ['url'],
      code: ['keyword'],
      title: ['title'],
      createdAt: ['timestamp'],
      visits: ['clicks'],
    },
  },
  {
    name: 'kutt',
    title: 'Kutt',
    signs: [['address', 'target']],
    sqlite:
      'SELECT links.*, domains.address AS domain FROM links ' +
      'LEFT JOIN domains ON domains.id = links.domain_id ORDER BY links.id',
    fields: {
      url: ['target'],
      code: ['address'],
      shortUrl: ['link.url', 'link'],
      domain: ['domain'],
      title: ['description'],
      createdAt: ['createdat'],
      updatedAt: ['updatedat'],
      expiresAt: ['expirein'],
      visits: ['visitcount'],
      isOff: ['banned'],
      password: ['password'],
    },
  },
  {
    name: 'rebrandly',
    title: 'Rebrandly',
    signs: [['slashtag']],
    fields: {
      url: ['destination', 'destinationurl', 'longurl'],
      code: ['slashtag'],
      shortUrl: ['shorturl', 'shortlink', 'link'],
      domain: ['domainname', 'domain.fullname', 'domain'],
      title: ['title'],
      tags: ['tags'],
      createdAt: ['createdat', 'created', 'creationdate'],
      updatedAt: ['updatedat'],
      visits: ['clicks', 'totalclicks'],
      forwardQuery: ['forwardparameters'],
    },
  },
  {
    name: 'shortio',
    title: 'Short.io',
    signs: [['originalurl']],
    fields: {
      url: ['originalurl'],
      code: ['path', 'slug'],
      shortUrl: ['secureshorturl', 'shorturl', 'shortlink'],
      domain: ['domain', 'hostname'],
      title: ['title', 'linktitle'],
      tags: ['tags'],
      createdAt: ['createdat', 'creationdate'],
      updatedAt: ['updatedat'],
      expiresAt: ['expiresat'],
      expiredUrl: ['expiredurl'],
      maxVisits: ['clickslimit'],
      visits: ['clicks', 'humanclicks', 'totalclicks'],
      password: ['password', 'haspassword'],
    },
  },
  {
    name: 'tinyurl',
    title: 'TinyURL',
    signs: [
      ['tinyurl', 'url'],
      ['tinyurl', 'longurl'],
      ['tinyurl', 'alias'],
      ['alias', 'longurl'],
    ],
    fields: {
      url: ['url', 'longurl', 'destination', 'destinationurl'],
      code: ['alias'],
      shortUrl: ['tinyurl'],
      domain: ['domain'],
      title: ['description', 'title'],
      tags: ['tags'],
      createdAt: ['createdat', 'created', 'datecreated'],
      expiresAt: ['expiresat', 'expires'],
      visits: ['hits', 'clicks', 'totalclicks'],
    },
  },
  {
    name: 'bitly',
    title: 'Bitly',
    signs: [
      ['link', 'longurl'],
      ['link', 'destinationurl'],
      ['bitlink', 'longurl'],
    ],
    fields: {
      url: ['longurl', 'destinationurl'],
      shortUrl: ['custombitlinks', 'custombitlink', 'customlink', 'link', 'bitlink'],
      title: ['title'],
      tags: ['tags'],
      createdAt: ['createdat', 'created', 'datecreated', 'creationdate'],
      expiresAt: ['expirationat'],
      visits: ['clicks', 'totalclicks', 'engagements', 'totalengagements'],
    },
  },
  {
    name: 'dub',
    title: 'Dub',
    signs: [
      ['shortlink', 'destinationurl'],
      ['shortlink', 'url'],
      ['key', 'url'],
    ],
    fields: {
      url: ['url', 'destinationurl'],
      code: ['key'],
      shortUrl: ['shortlink'],
      domain: ['domain'],
      title: ['title'],
      tags: ['tags', 'tagnames'],
      createdAt: ['createdat', 'created', 'createddate'],
      updatedAt: ['updatedat'],
      expiresAt: ['expiresat'],
      expiredUrl: ['expiredurl'],
      visits: ['clicks'],
      isOff: ['disabledat'],
      password: ['password'],
    },
  },
  {
    name: 'chhoto',
    title: 'Chhoto URL',
    signs: [['shorturl', 'longurl', 'hits']],
    sqlite: 'SELECT * FROM urls ORDER BY id',
    fields: {
      url: ['longurl'],
      code: ['shorturl', 'shortlink'],
      title: ['notes'],
      expiresAt: ['expirytime'],
      visits: ['hits'],
    },
  },
]

export function productNamed(name: string): Product | undefined {
  return PRODUCTS.find((product) => product.name === name)
}

/** The product that has such names; the first one in the table, as later ones have weaker signs. */
export function productOf(names: readonly string[]): Product | undefined {
  const plain = new Set(names.map(plainName))
  return PRODUCTS.find(({ signs }) => signs.some((sign) => sign.every((name) => plain.has(name))))
}

/** A name as this table spells it. */
export function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9.]/g, '')
}
