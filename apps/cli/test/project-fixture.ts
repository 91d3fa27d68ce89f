import { chmod, mkdir, mkdtemp, readdir, readlink, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type AppProcess, startProgram } from '@walmq/testing';
import { onTestFinished } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const PROGRAM = join(import.meta.dirname, '../bin/walmq.js');

/** A project in a folder of its own, with walmq among its packages. Removed after the test. */
export class Project {
  readonly folder: string;
  readonly #env: Record<string, string>;

  private constructor(folder: string, env: Record<string, string>) {
    this.folder = folder;
    this.#env = env;
  }

  /** `files` by path. `env` is the environment of every command. */
  static async create(files: Record<string, string>, env: Record<string, string> = {}): Promise<Project> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'walmq-project-')));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    // The account of embedded servers enters it.
    await chmod(folder, 0o755);
    await mkdir(join(folder, 'node_modules'));
    await symlink(join(ROOT, 'packages/walmq'), join(folder, 'node_modules/walmq'));
    const project = new Project(folder, env);
    for (const [path, text] of Object.entries({ 'package.json': '{ "type": "module" }', ...files }))
      await project.write(path, text);
    return project;
  }

  /** Makes another package of the repository one of the project's: `embedded`. */
  async link(name: string): Promise<void> {
    const scope = join(this.folder, 'node_modules/@walmq');
    await mkdir(scope, { recursive: true });
    await symlink(join(ROOT, 'packages', name), join(scope, name));
  }

  /** Ids of the processes that work in the folder, of whatever program. */
  async processes(): Promise<number[]> {
    const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name)).map(Number);
    const places = await Promise.all(pids.map(pid => readlink(`/proc/${pid}/cwd`).catch(() => '')));
    return pids.filter((_, at) => places[at]?.startsWith(this.folder));
  }

  async write(path: string, text: string): Promise<void> {
    const file = join(this.folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }

  /** Starts `walmq` in a process of its own, in the folder of the project. */
  walmq(args: readonly string[], env: Record<string, string> = {}): AppProcess {
    return startProgram(PROGRAM, { ...this.#env, ...env }, args, { cwd: this.folder });
  }
}
