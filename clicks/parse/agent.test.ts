/** Agents as they are met: people, bots, previews, and what is none of these. */
import test from 'ava'
import { parseAgent } from './agent.ts'

const WINDOWS = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)'
const MAC = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)'
const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X)'
const WEBKIT = 'AppleWebKit/537.36 (KHTML, like Gecko)'
const APPLE = 'AppleWebKit/605.1.15 (KHTML, like Gecko)'

/** Agent, then browser, version, system and device. */
const PEOPLE: readonly (readonly [string, string, string, string, string])[] = [
  [`${WINDOWS} ${WEBKIT} Chrome/126.0.0.0 Safari/537.36`, 'Chrome', '126', 'Windows', 'desktop'],
  [
    `${WINDOWS} ${WEBKIT} Chrome/126.0.0.0 Safari/537.36 Edg/126.0.2592.87`,
    'Microsoft Edge',
    '126',
    'Windows',
    'desktop',
  ],
  [
    `${WINDOWS} ${WEBKIT} Chrome/124.0.0.0 Safari/537.36 OPR/110.0.0.0`,
    'Opera',
    '110',
    'Windows',
    'desktop',
  ],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0',
    'Firefox',
    '127',
    'Windows',
    'desktop',
  ],
  [
    'Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko',
    'Internet Explorer',
    '11',
    'Windows',
    'desktop',
  ],
  [`${MAC} ${APPLE} Version/17.5 Safari/605.1.15`, 'Safari', '17', 'macOS', 'desktop'],
  [
    'Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0',
    'Firefox',
    '126',
    'Linux',
    'desktop',
  ],
  [
    `Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${WEBKIT} Chrome/125.0.0.0 Safari/537.36`,
    'Chrome',
    '125',
    'Chrome OS',
    'desktop',
  ],
  [`${IPHONE} ${APPLE} Version/17.5 Mobile/15E148 Safari/604.1`, 'Safari', '17', 'iOS', 'mobile'],
  [
    `${IPHONE} ${APPLE} CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1`,
    'Chrome',
    '126',
    'iOS',
    'mobile',
  ],
  [
    `Mozilla/5.0 (Linux; Android 10; K) ${WEBKIT} Chrome/126.0.0.0 Mobile Safari/537.36`,
    'Chrome',
    '126',
    'Android',
    'mobile',
  ],
  [
    `Mozilla/5.0 (Linux; Android 10; K) ${WEBKIT} SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36`,
    'Samsung Internet for Android',
    '25',
    'Android',
    'mobile',
  ],
  [
    'Mozilla/5.0 (Android 14; Mobile; rv:127.0) Gecko/127.0 Firefox/127.0',
    'Firefox',
    '127',
    'Android',
    'mobile',
  ],
  // Cubot makes phones.
  [
    `Mozilla/5.0 (Linux; Android 10; Cubot X30) ${WEBKIT} Chrome/120.0.0.0 Mobile Safari/537.36`,
    'Chrome',
    '120',
    'Android',
    'mobile',
  ],
  [
    `Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) ${APPLE} Version/12.1 Mobile/15E148 Safari/604.1`,
    'Safari',
    '12',
    'iOS',
    'tablet',
  ],
  [
    `Mozilla/5.0 (Linux; Android 13; SM-X906C) ${WEBKIT} Chrome/126.0.0.0 Safari/537.36`,
    'Chrome',
    '126',
    'Android',
    'tablet',
  ],
  [
    `Mozilla/5.0 (SMART-TV; LINUX; Tizen 6.5) ${WEBKIT} 85.0.4183.93/6.5 TV Safari/537.36`,
    'Tizen',
    '',
    'Tizen',
    'tv',
  ],
  [
    `Mozilla/5.0 (Web0S; Linux/SmartTV) ${WEBKIT} Chrome/94.0.4606.128 Safari/537.36 WebAppManager`,
    'WebOS Browser',
    '',
    'WebOS',
    'tv',
  ],
  [
    `Mozilla/5.0 (Linux; Android 9; AFTMM Build/PS7633) ${WEBKIT} Chrome/96.0.0.0 Mobile Safari/537.36`,
    'Chrome',
    '96',
    'Android',
    'tv',
  ],
  [
    `Mozilla/5.0 (PlayStation; PlayStation 5/6.50) ${APPLE} Version/13.0 Safari/605.1.15`,
    'Safari',
    '13',
    '',
    'console',
  ],
  [
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox One) ${WEBKIT} Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0`,
    'Microsoft Edge',
    '126',
    'Windows',
    'console',
  ],
  [
    `Mozilla/5.0 (X11; Linux x86_64; Quest 3) ${WEBKIT} OculusBrowser/33.0 Chrome/126.0.0.0 VR Safari/537.36`,
    'Chrome',
    '126',
    'Linux',
    'other',
  ],
  [
    `${IPHONE} ${APPLE} Mobile/21F79 Instagram 334.0.4.32.98 (iPhone14,7; iOS 17_5; de_DE)`,
    'Instagram',
    '334',
    'iOS',
    'mobile',
  ],
  [
    `${IPHONE} ${APPLE} Mobile/21F79 [FBAN/FBIOS;FBAV/469.0.0.37.104;FBBV/603711412;FBDV/iPhone14,7]`,
    'Facebook',
    '469',
    'iOS',
    'mobile',
  ],
  [
    `Mozilla/5.0 (Linux; Android 14; SM-S918B; wv) ${WEBKIT} Version/4.0 Chrome/126.0.0.0 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/469.1.0.58.70;]`,
    'Facebook',
    '469',
    'Android',
    'mobile',
  ],
  [
    `${IPHONE} ${APPLE} Mobile/15E148 musical_ly_34.8.0 BytedanceWebview/d8a21c6`,
    'TikTok',
    '34',
    'iOS',
    'mobile',
  ],
  [`${IPHONE} ${APPLE} Mobile/15E148 [LinkedInApp]/9.29.8158`, 'LinkedIn', '9', 'iOS', 'mobile'],
  [
    `${IPHONE} ${APPLE} Mobile/15E148 MicroMessenger/8.0.49(0x18003137) NetType/WIFI Language/zh_CN`,
    'WeChat',
    '8',
    'iOS',
    'mobile',
  ],
  [
    `${IPHONE} ${APPLE} GSA/322.0.6 Mobile/15E148 Safari/604.1`,
    'Google app',
    '322',
    'iOS',
    'mobile',
  ],
  ['SomeApp/1 CFNetwork/1404.0.5 Darwin/22.3.0', '', '', '', ''],
  ['\u00E4\u00F6\u00FC', '', '', '', ''],
]

for (const [agent, browser, browserVersion, os, device] of PEOPLE) {
  test(`a person: ${agent}`, (t) => {
    const parsed = parseAgent(agent)
    t.deepEqual(parsed, { kind: 'human', botName: '', browser, browserVersion, os, device })
  })
}

const BOTS: readonly (readonly [agent: string, name: string])[] = [
  ['', ''],
  ['  ', ''],
  ['Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', 'Googlebot'],
  [
    `Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) ${WEBKIT} Chrome/126.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)`,
    'Googlebot',
  ],
  [
    `Mozilla/5.0 ${WEBKIT.slice(0, -1)}; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116.0.0.0 Safari/537.36`,
    'bingbot',
  ],
  ['Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)', 'YandexBot'],
  [
    'Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)',
    'Baiduspider',
  ],
  [
    'Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)',
    'Yahoo! Slurp',
  ],
  [
    `${MAC} ${APPLE} Version/17.4 Safari/605.1.15 (Applebot/0.1; +http://www.apple.com/go/applebot)`,
    'Applebot',
  ],
  [
    `Mozilla/5.0 ${WEBKIT.slice(0, -1)}; compatible; GPTBot/1.2; +https://openai.com/gptbot)`,
    'GPTBot',
  ],
  ['Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)', 'AhrefsBot'],
  ['Mozilla/5.0 (compatible; FooThing; +http://foo.example)', 'FooThing'],
  ['FooThing/1.0 (+https://foo.example/about)', 'FooThing'],
  ['Slackbot 1.0 (+https://api.slack.com/robots)', 'Slackbot'],
  ['curl/8.7.1', 'curl'],
  ['Wget/1.24.5', 'Wget'],
  ['python-requests/2.32.3', 'python-requests'],
  ['Go-http-client/2.0', 'Go-http-client'],
  ['Apache-HttpClient/4.5.14 (Java/17.0.11)', 'Apache-HttpClient'],
  [
    `Mozilla/5.0 (X11; Linux x86_64) ${WEBKIT} HeadlessChrome/126.0.0.0 Safari/537.36`,
    'HeadlessChrome',
  ],
  ['x'.repeat(10_000), 'x'.repeat(64)],
]

for (const [agent, name] of BOTS) {
  test(`a bot: "${agent.slice(0, 120)}"`, (t) => {
    const { kind, botName, browser, os, device } = parseAgent(agent)
    t.deepEqual([kind, botName, browser, os, device], ['bot', name, '', '', ''])
  })
}

const PREVIEWS: readonly (readonly [agent: string, name: string])[] = [
  ['Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)', 'Slack'],
  ['Slack-ImgProxy (+https://api.slack.com/robots)', 'Slack'],
  ['WhatsApp/2.24.11.78 A', 'WhatsApp'],
  ['facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)', 'Facebook'],
  ['Twitterbot/1.0', 'X'],
  ['TelegramBot (like TwitterBot)', 'Telegram'],
  ['Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)', 'Discord'],
  [
    'LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)',
    'LinkedIn',
  ],
  [
    'Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com',
    'Skype and Teams',
  ],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0',
    'iMessage',
  ],
  ['facebookexternalhit/1.1;line-poker/1.0', 'LINE'],
  ['http.rb/5.2.0 (Mastodon/4.2.9; +https://mastodon.example/) Bot', 'Mastodon'],
  ['Mozilla/5.0 (compatible; Cardyb/1.1; +mailto:support@bsky.app)', 'Bluesky'],
]

for (const [agent, name] of PREVIEWS) {
  test(`a preview: ${agent}`, (t) => {
    const { kind, botName, browser } = parseAgent(agent)
    t.deepEqual([kind, botName, browser], ['preview', name, ''])
  })
}
