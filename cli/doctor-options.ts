/** What `tinygrid doctor` takes on its command line, and its help. */
import { SETTINGS_LIST } from '../config.ts'
import { flagOptions } from '../node/setting-flags.ts'

export const DOCTOR_HELP = `Usage: tinygrid doctor [options]

Looks at everything that a server needs, and says what is wrong and what to do: every setting, the version of Node,
open files, memory, disk, the data directory, the port, and of each server that the settings name (NATS, MongoDB,
Redis, ClickHouse) whether it answers, its version, what may be done there, and its clock. Starts nothing, and changes
nothing that stays. Run it as the user and in the directory of the server.

Options
  --config FILE  settings from this file; without it from TINYGRID_CONFIG, else from tinygrid.toml if it is there
  --json         {isRight, findings: [{check, state, found, advice}]}; state: ok, warning, wrong
  --help         this

Settings are flags too, as of tinygrid serve (tinygrid serve --help tells them).

Exit code: 0 nothing is wrong, warnings or not; 1 something is; 2 the command line is.

Examples
  tinygrid doctor
  tinygrid doctor --config /etc/tinygrid/tinygrid.toml --json | jq '.findings[] | select(.state != "ok")'
`

/** For the command line and for completions. */
export const DOCTOR_OPTIONS = {
  ...flagOptions(SETTINGS_LIST),
  config: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const
