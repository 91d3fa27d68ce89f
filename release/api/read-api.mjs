import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import extractor from '@microsoft/api-extractor';
import { COMPILER_OPTIONS, entryPoints, fileNameOf, ROOT } from './entry-points.mjs';

const { CompilerState, Extractor, ExtractorConfig } = extractor;

/** Types that only compute other types. No user has to name one; the reports show what they are. */
const HELPERS = new Set([
  'CodesOf',
  'ERROR_SECTIONS',
  'Env',
  'ErrorEntry',
  'Givable',
  'Giving',
  'NameIn',
  'Named',
  'Outcome_2',
  'Parsed',
  'ParsedQueue',
  'Reporter',
  'Results',
  'Same',
  'Sent',
  'auditSchema',
  'configSchema',
  'identityOnly',
  'lsnBrand',
  'webhooksSchema',
]);

/**
 * The public API of each entry point: its report, and its declarations in one text. Also what is wrong: an export without
 * a comment, or a type that a public signature names and that no user can import.
 */
export function readApi() {
  const folder = mkdtempSync(join(tmpdir(), 'walmq-api-'));
  try {
    const points = entryPoints();
    const configs = points.map(point => configOf(point, folder));
    // One program for all of them takes a fifth of the time of one program each.
    const compilerState = CompilerState.create(configs[0], {
      additionalEntryPoints: configs.slice(1).map(config => config.mainEntryPointFilePath),
    });
    const needed = points.map((_, index) => neededBy(configs[index], compilerState));
    const apis = points.map(point => {
      const [report, declarations] = [`${fileNameOf(point)}.api.md`, `${fileNameOf(point)}.d.ts`].map(file =>
        readFileSync(join(folder, file), 'utf8'),
      );
      return { ...point, report, declarations };
    });
    const mistakes = apis.flatMap((api, index) => [
      ...undocumentedIn(api),
      ...unexportedIn(api, needed[index], apis),
    ]);
    return { apis, mistakes };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Writes the files of one entry point. Returns the names of types that its signatures need and that it does not export. */
function neededBy(config, compilerState) {
  const names = [];
  Extractor.invoke(config, {
    compilerState,
    localBuild: true,
    messageCallback(message) {
      message.handled = true;
      if (message.logLevel === 'error') throw new Error(message.text);
      if (message.messageId === 'ae-forgotten-export') names.push(/"([^"]+)"/.exec(message.text)[1]);
    },
  });
  return names;
}

/** An export's comment says its shape, its units and its errors. One overload of a function may speak for all. */
function undocumentedIn({ name, report }) {
  const declared = /^\/\/ @public( \(undocumented\))?\nexport (?:abstract )?\w+ (\w+)/gm;
  const exported = [...report.matchAll(declared)];
  const documented = new Set(exported.filter(([, mark]) => mark === undefined).map(([, , symbol]) => symbol));
  return exported
    .filter(([, , symbol]) => !documented.has(symbol))
    .map(([, , symbol]) => `${name}: ${symbol} has no comment`);
}

/** The main entry of a package exports what its other entries need. Its own report has the helpers, as not exported. */
function unexportedIn({ name, folder, report }, needed, apis) {
  const main = mainOf(folder, apis);
  const exported = exportsOf(main.report);
  const names = name === main.name ? notExportedIn(report) : needed.filter(symbol => !exported.has(symbol));
  return names
    .filter(symbol => !HELPERS.has(symbol))
    .map(symbol => `${name}: a signature names ${symbol}, which ${main.name} does not export`);
}

/** The entry of the package itself, without a subpath. */
export function mainOf(folder, apis) {
  return apis.find(api => api.folder === folder && api.name === nameOf(folder));
}

function exportsOf(report) {
  return new Set(
    [...report.matchAll(/^export (?:abstract )?(?:type|interface|class|function|const) (\w+)/gm)].map(
      ([, name]) => name,
    ),
  );
}

function notExportedIn(report) {
  const listed = new Set([...report.matchAll(/^export \{ (\w+)(?: as \w+)? \}/gm)].map(([, name]) => name));
  return [...report.matchAll(/^(?:abstract )?(?:type|interface|class|function|const) (\w+)/gm)]
    .map(([, name]) => name)
    .filter(name => !listed.has(name));
}

function configOf({ name, folder: project, types }, folder) {
  const none = { logLevel: 'none' };
  return ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(project, 'package.json'),
    configObject: {
      projectFolder: project,
      mainEntryPointFilePath: types,
      // The published package contains them.
      bundledPackages: innerPackages(),
      compiler: { overrideTsconfig: { compilerOptions: COMPILER_OPTIONS, files: [types] } },
      apiReport: {
        enabled: true,
        reportFileName: fileNameOf({ name }),
        reportFolder: folder,
        reportTempFolder: join(folder, 'temp'),
        includeForgottenExports: name === nameOf(project),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: true, untrimmedFilePath: join(folder, `${fileNameOf({ name })}.d.ts`) },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
      messages: {
        extractorMessageReporting: {
          default: none,
          'ae-forgotten-export': { logLevel: 'warning', addToApiReportFile: false },
        },
        tsdocMessageReporting: { default: none },
        compilerMessageReporting: { default: { logLevel: 'error' } },
      },
    },
  });
}

/** API Extractor takes no pattern for packages on which another package depends. */
function innerPackages() {
  return readdirSync(join(ROOT, 'packages')).map(workspace => nameOf(join(ROOT, 'packages', workspace)));
}

function nameOf(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).name;
}
