/**
 * What Shlink, YOURLS and Kutt export of a hundred links each, as those products write it, with content as people have it.
 *
 * Used by the scenario of moving in. Made, as no instance of theirs runs here: the forms are those of Shlink 5's
 * REST interface and its web client's CSV, of mysqldump over YOURLS' tables, and of pg_dump over Kutt's.
 */

/** A link as it was there. */
export interface OldLink {
  readonly code: string
  readonly url: string
  readonly title: string
  readonly tags: readonly string[]
  readonly createdAt: string
  readonly visits: number
  /** null: the first one of the product. */
  readonly domain: string | null
}

/** The domain that the product's links were on, unless they say another. */
export const OLD_DOMAIN = 'old.example'
export const SECOND_DOMAIN = 'go.example'

const URLS = [
  'https://example.com/plain',
  'https://example.com/?q=a+b&c=%C3%A4#part',
  "https://example.com/it's/\\back\\slash",
  'https://münchen.example/straße',
  'https://user:secret@example.com:8443/',
  'http://example.com./%zz/../up',
  'https://example.com/"quoted"/<tag>',
  'https://example.com/日本語?キー=値',
  `https://example.com/${'long/'.repeat(600)}`,
  'https://example.com/;,|\t',
]
const TITLES = [
  '',
  'Plain',
  `It's "quoted", with \\ and ;`,
  '=SUM(A1)',
  'Two\nlines\r\nand a\ttab',
  'عنوان العربية',
  '😀 emoji 👩‍👩‍👧',
  '<b>bold</b> &amp; more',
  'x'.repeat(250),
  ' spaces ',
]

/**
 * @param prefix of their codes
 * @param count at most 36 * 36
 * @param further the domain of each tenth one; null: all are on one
 */
export function oldLinks(
  prefix: string,
  count: number,
  further: string | null = SECOND_DOMAIN,
): OldLink[] {
  return Array.from({ length: count }, (_, at) => ({
    code: `${prefix}${at % 2 === 0 ? 'L' : 'l'}${at.toString(36).padStart(2, '0')}`,
    url: URLS[at % URLS.length]!.replace('example/', `example/${at}/`),
    title: TITLES[(at * 7) % TITLES.length]!,
    tags: at % 3 === 0 ? ['news', `tag ${at % 5}`] : [],
    createdAt: new Date(Date.UTC(2020, 0, 1 + at, 12, 30, at % 60)).toISOString(),
    visits: at % 4,
    domain: at % 10 === 9 ? further : null,
  }))
}

/** Pages of `GET /rest/v3/short-urls`, one after another. */
export function shlinkPages(links: readonly OldLink[], perPage = 40): string {
  const pages: string[] = []
  for (let at = 0; at < links.length; at += perPage) {
    const data = links.slice(at, at + perPage).map((link) => ({
      shortCode: link.code,
      shortUrl: `https://${link.domain ?? OLD_DOMAIN}/${link.code}`,
      longUrl: link.url,
      dateCreated: link.createdAt.replace('.000Z', '+00:00'),
      visitsSummary: { total: link.visits, nonBots: link.visits, bots: 0 },
      tags: link.tags,
      meta: { validSince: null, validUntil: null, maxVisits: null },
      domain: link.domain,
      title: link.title === '' ? null : link.title,
      crawlable: false,
      forwardQuery: true,
      hasRedirectRules: false,
    }))
    const pagination = { currentPage: pages.length + 1, itemsPerPage: perPage }
    pages.push(JSON.stringify({ shortUrls: { data, pagination } }))
  }
  return pages.join('')
}

/** The file that the web client's export button saves. */
export function shlinkCsv(links: readonly OldLink[]): string {
  const rows = links.map(({ code, url, title, tags, createdAt, visits, domain }) => {
    const host = domain ?? OLD_DOMAIN
    const cells = [
      createdAt,
      host,
      code,
      `https://${host}/${code}`,
      url,
      title,
      tags.join('|'),
      visits,
    ]
    return cells.map((cell) => `"${String(cell).replaceAll('"', '""')}"`).join(',')
  })
  return `"createdAt","domain","shortCode","shortUrl","longUrl","title","tags","visits"\n${rows.join('\n')}`
}

/** `mysqldump yourls`: all its tables, its clicks too. */
export function yourlsDump(links: readonly OldLink[]): string {
  const rows = links.map(({ code, url, title, createdAt, visits }) => {
    const time = createdAt.slice(0, 19).replace('T', ' ')
    return `(${sqlText(code)},${sqlText(url)},${sqlText(title)},'${time}','192.0.2.1',${visits})`
  })
  const log = links.map(({ code }, at) => {
    return `(${at + 1},'2024-01-01 00:00:00',${sqlText(code)},'https://ref.example/?keyword=a&url=b','Mozilla/5.0 (X11; Linux)','192.0.2.7','DE')`
  })
  return `-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)
--
-- Host: localhost    Database: yourls
/*!40101 SET NAMES utf8mb4 */;

DROP TABLE IF EXISTS \`yourls_log\`;
CREATE TABLE \`yourls_log\` (
  \`click_id\` int NOT NULL AUTO_INCREMENT,
  \`click_time\` datetime NOT NULL,
  \`shorturl\` varchar(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  \`referrer\` varchar(200) NOT NULL,
  \`user_agent\` varchar(255) NOT NULL,
  \`ip_address\` varchar(41) NOT NULL,
  \`country_code\` char(2) NOT NULL,
  PRIMARY KEY (\`click_id\`),
  KEY \`shorturl\` (\`shorturl\`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
LOCK TABLES \`yourls_log\` WRITE;
INSERT INTO \`yourls_log\` VALUES ${log.join(',')};
UNLOCK TABLES;
DROP TABLE IF EXISTS \`yourls_options\`;
CREATE TABLE \`yourls_options\` (
  \`option_id\` bigint unsigned NOT NULL AUTO_INCREMENT,
  \`option_name\` varchar(64) NOT NULL DEFAULT '',
  \`option_value\` longtext NOT NULL,
  PRIMARY KEY (\`option_id\`,\`option_name\`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
INSERT INTO \`yourls_options\` VALUES (1,'version','1.10.2'),(4,'site_url','https://old.example');
DROP TABLE IF EXISTS \`yourls_url\`;
CREATE TABLE \`yourls_url\` (
  \`keyword\` varchar(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
  \`url\` text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  \`title\` text,
  \`timestamp\` timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  \`ip\` varchar(41) NOT NULL,
  \`clicks\` int unsigned NOT NULL,
  PRIMARY KEY (\`keyword\`),
  KEY \`ip\` (\`ip\`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
LOCK TABLES \`yourls_url\` WRITE;
INSERT INTO \`yourls_url\` VALUES ${rows.join(',')};
UNLOCK TABLES;
-- Dump completed on 2024-05-01 12:00:00
`
}

function sqlText(value: string): string {
  return `'${value.replaceAll(/['"\\\n\r]/g, (character) => SQL_ESCAPES[character]!)}'`
}

const SQL_ESCAPES: Readonly<Record<string, string>> = {
  "'": `\\'`,
  '"': `\\"`,
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
}

/** `pg_dump kutt`. */
export function kuttDump(links: readonly OldLink[]): string {
  const rows = links.map(({ code, url, title, createdAt, visits, domain }, at) => {
    const time = `${createdAt.slice(0, 19).replace('T', ' ')}.123+00`
    const description = title === '' ? '\\N' : copyText(title)
    const cells = [at + 1, code, description, 'f', '\\N', domain === null ? '\\N' : 3, '\\N', '\\N']
    return [...cells, copyText(url), 1, visits, `00000000-0000-4000-8000-${at}`, time, time].join(
      '\t',
    )
  })
  const columns =
    'id, address, description, banned, banned_by_id, domain_id, password, expire_in, target, user_id, ' +
    'visit_count, uuid, created_at, updated_at'
  return `--
-- PostgreSQL database dump
--

-- Dumped from database version 16.2

SET statement_timeout = 0;

CREATE TABLE public.domains (
    id integer NOT NULL,
    address character varying(255) NOT NULL,
    homepage character varying(255)
);

CREATE TABLE public.links (
    id integer NOT NULL,
    address character varying(255) NOT NULL
);

COPY public.domains (id, address, homepage) FROM stdin;
3\t${SECOND_DOMAIN}\t\\N
\\.

COPY public.links (${columns}) FROM stdin;
${rows.join('\n')}
\\.

COPY public.visits (id, countries, link_id) FROM stdin;
1\t{"us": 1}\t1
\\.
`
}

function copyText(value: string): string {
  return value.replaceAll(/[\\\n\r\t]/g, (character) => COPY_ESCAPES[character]!)
}

const COPY_ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}
