/** Whether a dump of MySQL gives the links of YOURLS that are in it. */
import test from 'ava'
import { readExport } from '../testing/foreign-export.ts'

const YOURLS_DUMP = `-- MySQL dump; don't read this
/*!40101 SET NAMES utf8mb4 */;
DROP TABLE IF EXISTS \`yourls_log\`;
INSERT INTO \`yourls_log\` VALUES (1,'2024-01-01 00:00:00','ozh','it''s; (direct)','UA','::1','DE');
CREATE TABLE \`yourls_url\` (
  \`keyword\` varchar(100) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
  \`url\` text NOT NULL,
  \`title\` text DEFAULT NULL,
  \`timestamp\` timestamp NOT NULL DEFAULT current_timestamp(),
  \`ip\` varchar(41) NOT NULL,
  \`clicks\` int(10) unsigned NOT NULL,
  PRIMARY KEY (\`keyword\`),
  KEY \`url_idx\` (\`url\`(30))
) ENGINE=InnoDB;
INSERT INTO \`yourls_url\` VALUES ('ozh','https://ozh.example/?a=(1),2','It\\'s \\"a\\\\b\\";\\nend','2023-02-03 04:05:06','127.0.0.1',12),
('b','https://b.example/',NULL,'2023-02-03 04:05:07','::1',0);
`

test('YOURLS: a dump of MySQL, with and without the names of its columns', async (t) => {
  const { name, contents, items } = (await readExport(YOURLS_DUMP, undefined, 5))!
  t.is(name, 'yourls')
  t.deepEqual(contents, [
    {
      link: {
        url: 'https://ozh.example/?a=(1),2',
        code: 'ozh',
        title: 'It\'s "a\\b"; end',
        createdAt: '2023-02-03T04:05:06.000Z',
      },
      leftOut: ['visits'],
    },
    {
      link: {
        url: 'https://b.example/',
        code: 'b',
        createdAt: '2023-02-03T04:05:07.000Z',
      },
      leftOut: [],
    },
  ])
  t.deepEqual(
    items.map((item) => item.line),
    [15, 16],
  )
  t.is(items.at(-1)!.endByte, Buffer.byteLength(YOURLS_DUMP) - ';\n'.length)
  const named =
    'INSERT INTO `my_url` (`url`, `keyword`, `clicks`) VALUES\n' +
    "('https://a.example/', 'a', 1),\n('https://c.example/\\'x', 'c''d', 2);\n"
  const { contents: others } = (await readExport(named, 'yourls'))!
  t.like(others[0], { link: { url: 'https://a.example/', code: 'a' } })
  t.like(others[1], { link: { url: "https://c.example/'x", code: "c'd" } })
})
