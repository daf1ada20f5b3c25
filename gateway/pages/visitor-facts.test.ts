import test from 'ava'
import { VisitorFacts } from './visitor-facts.ts'

const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) ' +
  'Version/17.5 Mobile/15E148 Safari/604.1'
const PIXEL =
  'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) ' +
  'Chrome/126.0.0.0 Mobile Safari/537.36'
const WINDOWS =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) ' +
  'Chrome/126.0.0.0 Safari/537.36'
const GOOGLEBOT =
  'Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X) AppleWebKit/537.36 (KHTML, like Gecko) ' +
  'Chrome/126.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)'

const countries = { country: (address: string) => (address === '192.0.2.1' ? 'DE' : '') }

test('devices, systems and languages are those that statistics show', async (t) => {
  const facts = new VisitorFacts({ random: () => 0.25 })
  const devices = async (agent: string) => (await facts.of({ 'user-agent': agent }, '')).devices
  t.deepEqual(await devices(IPHONE), ['mobile', 'ios'])
  t.deepEqual(await devices(PIXEL), ['mobile', 'android'])
  t.deepEqual(await devices(WINDOWS), ['desktop', 'windows'])
  t.deepEqual(await devices(GOOGLEBOT), [])
  t.deepEqual(await devices('curl/8'), [])
  const language = async (header: string) =>
    (await facts.of({ 'accept-language': header }, '')).language
  t.is(await language('en;q=0.8, de-AT, *;q=0.1'), 'de-at')
  t.is(await language('*'), '')
  t.deepEqual(await facts.of({}, ''), { devices: [], language: '', country: '', draw: 0.25 })
})

test('the data of countries are opened once, by the first who asks', async (t) => {
  let opened = 0
  const openCountries = async () => {
    opened++
    return countries
  }
  const facts = new VisitorFacts({ openCountries })
  t.is(opened, 0)
  const found = await Promise.all(
    ['192.0.2.1', '192.0.2.2', 'junk'].map((address) => facts.of({}, address)),
  )
  t.deepEqual(
    found.map(({ country }) => country),
    ['DE', '', ''],
  )
  t.is(opened, 1)
})

test('nobody has a country where there are no data', async (t) => {
  const failing = new VisitorFacts({ openCountries: () => Promise.reject(new Error('no file')) })
  t.is((await failing.of({}, '192.0.2.1')).country, '')
  t.is((await failing.of({}, '192.0.2.1')).country, '')
  t.is((await new VisitorFacts({}).of({}, '192.0.2.1')).country, '')
})
