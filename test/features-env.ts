/**
 * The settings with which a node has every feature that can be switched on.
 *
 * Used by the scenarios of all of them at once.
 */

export const DEFAULT_DOMAIN = 'sho.rt'
export const OTHER_DOMAIN = 'go.example'

/** @param checkerUrl who is asked about addresses */
export function featuresEnv(checkerUrl: string): Record<string, string> {
  return {
    TINYGRID_ROLES: 'gateway,actors,analytics',
    TINYGRID_BASE_URL: `https://${DEFAULT_DOMAIN}`,
    TINYGRID_DOMAINS: OTHER_DOMAIN,
    TINYGRID_INTERFACES: 'shlink,yourls,bitly',
    TINYGRID_ALIAS_LENGTH_MAX: '32',
    TINYGRID_AUDIT: 'true',
    TINYGRID_URL_CHECK_URL: checkerUrl,
    TINYGRID_URL_CHECK_PRIVATE: 'true',
    TINYGRID_URL_CHECK_TIMEOUT: '20000',
    TINYGRID_URL_CHECK_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
  }
}
