/** Codes without regard to case, in the real program: followed in any case, and fixed with the data. */
import test from 'ava'
import { Program, temporaryDirectory } from './program.ts'

const INSENSITIVE = { TINYGRID_CODE_CASE: 'insensitive' }

test('a link is followed in any case, and its data are opened with no other setting', async (t) => {
  const dataDir = temporaryDirectory(t)
  const program = await Program.start({ dataDir, env: INSENSITIVE })
  t.teardown(() => program.kill())
  const url = 'https://example.com/'
  t.is((await program.create({ url, code: 'JaZZ' })).status, 201)
  const generated = (await (await program.create({ url })).json()) as { code: string }
  t.regex(generated.code, /^[0-9a-z]{7}$/)
  const paths = ['jazz', 'JAZZ', 'JazZ/', generated.code.toUpperCase()]
  for (const path of paths) t.is((await program.visit(path)).headers.get('location'), url, path)
  await program.kill()

  const refused = Program.launch({ dataDir, env: { TINYGRID_LOG_LEVEL: 'warn' } })
  t.is(await refused.ended(), 1)
  t.regex(
    refused.output,
    /made with codes that are case-insensitive, not sensitive; set TINYGRID_CODE_CASE to/,
  )
  const again = await Program.start({ dataDir, env: INSENSITIVE })
  t.teardown(() => again.kill())
  for (const path of paths) t.is((await again.visit(path)).headers.get('location'), url, path)
})
