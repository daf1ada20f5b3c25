/**
 * What makes a shell complete commands and flags of `tinygrid`, written from the table of commands.
 */
import type { Command } from './command-table.ts'
import { CommandError, EXIT_CODES } from './command-error.ts'

const SHELLS = ['bash', 'zsh', 'fish'] as const

const HELP = `Usage: tinygrid completions SHELL

Prints what makes a shell complete commands and flags: bash, zsh or fish.

Examples
  tinygrid completions bash > ~/.local/share/bash-completion/completions/tinygrid
  tinygrid completions zsh > "\${fpath[1]}/_tinygrid"
  tinygrid completions fish > ~/.config/fish/completions/tinygrid.fish
`

/** @throws CommandError for another shell */
export async function printCompletions(
  commands: readonly Command[],
  args: readonly string[],
): Promise<number> {
  const [shell, ...more] = args
  if (shell === '--help' || shell === '-h') {
    process.stdout.write(HELP)
    return EXIT_CODES.done
  }
  const known = SHELLS.find((name) => name === shell)
  if (known === undefined || more.length > 0) {
    throw new CommandError(`completions takes one of ${SHELLS.join(', ')} (--help tells more)`)
  }
  process.stdout.write(SCRIPTS[known](await Promise.all(commands.map(withFlags))))
  return EXIT_CODES.done
}

const SCRIPTS = { bash, zsh, fish }

type Completed = Pick<Command, 'name' | 'about'> & { readonly flags: readonly string[] }

async function withFlags({ name, about, flags }: Command): Promise<Completed> {
  return { name, about, flags: typeof flags === 'function' ? await flags() : flags }
}

const flagsOf = ({ flags }: Completed) => flags.map((flag) => `--${flag}`).join(' ')

function bash(commands: readonly Completed[]): string {
  const cases = commands.map((command) => `    ${command.name}) words='${flagsOf(command)}' ;;`)
  return `_tinygrid() {
  local words=
  if [ "$COMP_CWORD" -eq 1 ]; then
    words='${commands.map(({ name }) => name).join(' ')}'
  else
    case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    esac
    case "$2" in -*) ;; *) words= ;; esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$2"))
}
complete -o default -F _tinygrid tinygrid
`
}

function zsh(commands: readonly Completed[]): string {
  const names = commands.map(({ name, about }) => `    '${name}:${about.replaceAll("'", "'\\''")}'`)
  const cases = commands.map((command) => `    ${command.name}) compadd -- ${flagsOf(command)} ;;`)
  return `#compdef tinygrid
local -a names=(
${names.join('\n')}
)
if (( CURRENT == 2 )); then
  _describe command names
elif [[ $words[CURRENT] == -* ]]; then
  case $words[2] in
${cases.join('\n')}
  esac
else
  _files
fi
`
}

function fish(commands: readonly Completed[]): string {
  const lines = commands.flatMap(({ name, about, flags }) => [
    `complete -c tinygrid -n __fish_use_subcommand -f -a ${name} -d '${about.replaceAll("'", "\\'")}'`,
    ...flags.map(
      (flag) => `complete -c tinygrid -n '__fish_seen_subcommand_from ${name}' -l ${flag}`,
    ),
  ])
  return `${lines.join('\n')}\n`
}
