import { Argument, type Command, type Option } from 'commander';
import { examples, type Host } from './terminal/help.js';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

type Shell = (typeof SHELLS)[number];

interface Word {
  readonly name: string;
  readonly description: string;
  /** Possible values of the option. Undefined: it takes no value. Empty: it takes any value. */
  readonly values: readonly string[] | undefined;
}

interface Spoken {
  readonly name: string;
  readonly description: string;
  readonly options: readonly Word[];
  /** Possible values of the first argument. Empty if it takes any value or does not exist. */
  readonly choices: readonly string[];
}

export function addCompletion(program: Command, { io }: Host): void {
  program
    .command('completion')
    .description('print the script with which a shell completes commands and options')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .addHelpText(
      'after',
      examples(
        ['walmq completion bash >> ~/.bashrc', 'for every new bash'],
        ['walmq completion zsh > ~/.zfunc/_walmq', 'the folder must be in $fpath'],
        ['walmq completion fish > ~/.config/fish/completions/walmq.fish', 'for every new fish'],
      ),
    )
    .action((shell: Shell) => io.print(completionScript(program, shell)));
}

/** The script with which a shell completes the program's commands, options and fixed values. */
function completionScript(program: Command, shell: Shell): string {
  const commands = program
    .createHelp()
    .visibleCommands(program)
    .map(command => spoken(program, command));
  const own = spoken(program, program);
  switch (shell) {
    case 'bash':
      return bashScript(program.name(), own, commands);
    case 'zsh':
      return zshScript(program.name(), own, commands);
    case 'fish':
      return fishScript(program.name(), own, commands);
  }
}

function spoken(program: Command, command: Command): Spoken {
  const help = command.createHelp();
  const names = program
    .createHelp()
    .visibleCommands(program)
    .map(other => other.name());
  return {
    name: command.name(),
    description: command.description(),
    options: help.visibleOptions(command).flatMap(wordsOf),
    choices: command.name() === 'help' ? names : (firstArgument(command)?.argChoices ?? []),
  };
}

function firstArgument(command: Command): Argument | undefined {
  return command.registeredArguments[0];
}

function wordsOf(option: Option): Word[] {
  const values = option.required || option.optional ? (option.argChoices ?? []) : undefined;
  return option.long ? [{ name: option.long, description: option.description, values }] : [];
}

function bashScript(program: string, own: Spoken, commands: readonly Spoken[]): string {
  const cases = commands.flatMap(command => [
    ...command.options.flatMap(({ name, values }) =>
      values === undefined
        ? []
        : [
            `    ${command.name}/${name}) ${values.length > 0 ? `words='${values.join(' ')}'` : 'compopt -o default 2> /dev/null; return'} ;;`,
          ],
    ),
    `    ${command.name}/*) words='${[...command.choices, ...command.options.map(({ name }) => name)].join(' ')}' ;;`,
  ]);
  return [
    `# Completion of ${program} for bash: source <(${program} completion bash)`,
    `_${program}() {`,
    `  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command= words= word`,
    '  COMPREPLY=()',
    `  for word in "\${COMP_WORDS[@]:1:COMP_CWORD - 1}"; do`,
    '    if [[ $word != -* ]]; then command=$word; break; fi',
    '  done',
    '  case $command/$previous in',
    `    /*) words='${[...commands, ...own.options].map(({ name }) => name).join(' ')}' ;;`,
    ...cases,
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    '}',
    `complete -F _${program} ${program}`,
  ].join('\n');
}

function zshScript(program: string, own: Spoken, commands: readonly Spoken[]): string {
  const argumentsOf = ({ options, choices }: Spoken) =>
    [
      ...options.map(({ name, description, values }) => {
        const value =
          values === undefined ? '' : `:value:${values.length > 0 ? `(${values.join(' ')})` : '_files'}`;
        return quoted(`${name}[${description.replaceAll(/[[\]:]/g, '\\$&')}]${value}`);
      }),
      ...(choices.length > 0 ? [quoted(`1:value:(${choices.join(' ')})`)] : []),
    ].join(' ');
  return [
    `#compdef ${program}`,
    `# Completion of ${program} for zsh: source <(${program} completion zsh)`,
    `_${program}() {`,
    '  local state line',
    '  local -a commands',
    '  commands=(',
    ...commands.map(({ name, description }) => `    ${quoted(`${name}:${description}`)}`),
    '  )',
    `  _arguments -C ${argumentsOf({ ...own, choices: [] })} '1: :->command' '*:: :->rest'`,
    '  case $state in',
    `    command) _describe -t commands command commands ;;`,
    '    rest)',
    '      case $line[1] in',
    ...commands.map(command => `        ${command.name}) _arguments ${argumentsOf(command)} ;;`),
    '      esac ;;',
    '  esac',
    '}',
    `if [[ $funcstack[1] == _${program} ]]; then _${program} "$@"; else compdef _${program} ${program}; fi`,
  ].join('\n');
}

function fishScript(program: string, own: Spoken, commands: readonly Spoken[]): string {
  const optionLine = (when: string, { name, description, values }: Word) =>
    [
      `complete -c ${program} -n ${when} -l ${name.slice(2)} -d ${quoted(description)}`,
      ...(values === undefined ? [] : values.length > 0 ? [`-x -a ${quoted(values.join(' '))}`] : ['-r -F']),
    ].join(' ');
  return [
    `# Completion of ${program} for fish: ${program} completion fish | source`,
    `complete -c ${program} -f`,
    ...own.options.map(option => optionLine('__fish_use_subcommand', option)),
    ...commands.flatMap(command => {
      const when = quoted(`__fish_seen_subcommand_from ${command.name}`);
      return [
        `complete -c ${program} -n __fish_use_subcommand -a ${command.name} -d ${quoted(command.description)}`,
        ...command.options.map(option => optionLine(when, option)),
        ...(command.choices.length > 0
          ? [`complete -c ${program} -n ${when} -a ${quoted(command.choices.join(' '))}`]
          : []),
      ];
    }),
  ].join('\n');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
