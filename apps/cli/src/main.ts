import { runProgram } from './program.js';

process.exitCode = await runProgram(process.argv.slice(2), {
  env: process.env,
  colours: process.stdout.isTTY === true && !process.env.NO_COLOR,
  print: line => console.log(line),
  printError: line => console.error(line),
});
