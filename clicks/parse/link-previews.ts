/**
 * Programs that fetch a link to show a preview of it, because somebody sent it to somebody.
 *
 * Used by `agent.ts`, before it is asked what else is a bot: a preview is no crawler, and tells that a
 * link was passed on. The first that fits counts, so who borrows another one's name comes first.
 */
interface LinkPreview {
  readonly name: string
  readonly pattern: RegExp
}

const PREVIEWS: readonly LinkPreview[] = [
  // Apple's says that it is two others, and nobody else says so.
  { name: 'iMessage', pattern: /facebookexternalhit\/.{0,40}twitterbot\//i },
  { name: 'LINE', pattern: /line-poker/i },
  { name: 'KakaoTalk', pattern: /kakaotalk-scrap/i },
  { name: 'Facebook', pattern: /facebookexternalhit|facebot\b/i },
  // Signal calls itself so too. The app's own browser does not begin with it.
  { name: 'WhatsApp', pattern: /^whatsapp\//i },
  // Says that it is like Twitter's.
  { name: 'Telegram', pattern: /^telegrambot/i },
  { name: 'X', pattern: /^twitterbot\//i },
  { name: 'Slack', pattern: /slackbot-linkexpanding|slack-imgproxy/i },
  { name: 'Discord', pattern: /discordbot\//i },
  { name: 'LinkedIn', pattern: /^linkedinbot\//i },
  { name: 'Skype and Teams', pattern: /skypeuripreview/i },
  { name: 'Viber', pattern: /^viber\//i },
  { name: 'Bluesky', pattern: /cardyb\//i },
  { name: 'Mastodon', pattern: /\bmastodon\/\d/i },
  { name: 'Reddit', pattern: /\bredditbot\//i },
  { name: 'Snapchat', pattern: /snap url preview service/i },
  { name: 'VK', pattern: /\bvkshare\b/i },
  { name: 'Mattermost', pattern: /mattermost-bot\//i },
  { name: 'Rocket.Chat', pattern: /^rocket\.chat/i },
  { name: 'Matrix', pattern: /^synapse\b/i },
  { name: 'Embedly', pattern: /\bembedly\//i },
  { name: 'Iframely', pattern: /^iframely\//i },
]

/** The name of the program whose previews the agent makes, or undefined. */
export function previewName(agent: string): string | undefined {
  return PREVIEWS.find(({ pattern }) => pattern.test(agent))?.name
}
