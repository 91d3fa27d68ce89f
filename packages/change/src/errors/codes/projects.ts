import { errorSection } from '../entry.js';

/** Errors of `walmq init`. */
export const projectErrors = errorSection({
  PROJECT_MISSING: {
    meaning: 'The folder has no `package.json`.',
    remedy: 'Run `npx walmq init` in the folder of your project, or add `--create`.',
    from: ['command line'],
    outcome: 'refused',
  },
  PROJECT_UNREADABLE: {
    meaning: 'A file of the project cannot be read, or its `package.json` is not valid.',
    remedy: 'Correct the file as the error says.',
    from: ['command line'],
    outcome: 'refused',
  },
  PROJECT_NOT_WRITABLE: {
    meaning:
      'A file of the project could not be written, or somebody changed it meanwhile. The command has taken back all that it had written.',
    remedy: 'Remove the cause that the error names, then run the command again.',
    from: ['command line'],
    outcome: 'refused',
  },
  BULLMQ_UNFIT: {
    meaning: 'The project has a bullmq of another major version than the one with which walmq writes jobs.',
    remedy:
      'Update it. If none of its own workers reads a queue of walmq, add `--keep-bullmq`: both versions work beside each other.',
    from: ['command line'],
    outcome: 'refused',
  },
  INSTALL_FAILED: {
    meaning: 'The package manager could not install the packages. All files of the project are written.',
    remedy: 'Check the network and the registry, then run the installation that the error names.',
    from: ['command line'],
    outcome: 'refused',
  },
});
