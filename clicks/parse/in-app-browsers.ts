/**
 * Browsers inside of apps, which are named by the app: a visitor in Instagram is not one in Safari.
 *
 * Used by `agent.ts`. The version is the app's, where the agent tells it.
 */
interface InAppBrowser {
  readonly name: string
  /** Its first group is the version, if there is one. */
  readonly pattern: RegExp
}

const BROWSERS: readonly InAppBrowser[] = [
  { name: 'Threads', pattern: /\bBarcelona (\d+)/ },
  { name: 'Instagram', pattern: /\bInstagram (\d+)/ },
  {
    name: 'Messenger',
    pattern: /\bFB(?:AN|_IAB)\/(?:Messenger\w*|Orca\w*)(?:.{0,200}?;FBAV\/(\d+))?/,
  },
  { name: 'Facebook', pattern: /\bFB(?:AN|_IAB|AV)\/(?:.{0,200}?;?FBAV\/(\d+))?/ },
  { name: 'TikTok', pattern: /\b(?:musical_ly|BytedanceWebview|trill|TikTok)(?:[_/](\d+))?/i },
  { name: 'LinkedIn', pattern: /\bLinkedInApp\]?(?:\/(\d+))?/ },
  { name: 'Snapchat', pattern: /\bSnapchat\/(\d+)/ },
  {
    name: 'Pinterest',
    pattern: /\[Pinterest\/(?:iOS|Android)\]|\bPinterest for (?:iOS|Android)(?:\/(\d+))?/,
  },
  { name: 'X', pattern: /\bTwitter for (?:iPhone|iPad|Android)(?:\/(\d+))?|\bTwitterAndroid\b/ },
  { name: 'WeChat', pattern: /\bMicroMessenger\/(\d+)/i },
  { name: 'LINE', pattern: /\bLine\/(\d+)/ },
  { name: 'KakaoTalk', pattern: /\bKAKAOTALK[ /](\d+)/ },
  { name: 'Telegram', pattern: /\bTelegram(?:-Android|-iOS)?\/(\d+)/ },
  { name: 'WhatsApp', pattern: /\bWhatsApp\/(\d+)/ },
  { name: 'Reddit', pattern: /\bReddit\/(?:Version )?(\d+)/ },
  { name: 'Slack', pattern: /\bSlack(?:_SSB)?\/(\d+)/ },
  { name: 'Microsoft Teams', pattern: /\bTeams\/(\d+)/ },
  { name: 'Google app', pattern: /\bGSA\/(\d+)/ },
]

export interface BrowserName {
  readonly name: string
  readonly version: string
}

export function inAppBrowser(agent: string): BrowserName | undefined {
  for (const { name, pattern } of BROWSERS) {
    const match = pattern.exec(agent)
    if (match !== null) return { name, version: match[1] ?? '' }
  }
  return undefined
}
