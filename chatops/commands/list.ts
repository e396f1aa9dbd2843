import type { Command } from '../command';
import { build } from './build';
import { dead } from './dead';
import { deploy } from './deploy';
import { help } from './help';
import { history } from './history';
import { logs } from './logs';
import { releases } from './releases';
import { rollback } from './rollback';
import { status } from './status';

/** Every command there is, in the order of help. Help, completion, manifest and terminal are made from this list. */
export const commands: readonly Command[] = [help, deploy, rollback, status, history, releases, build, logs, dead];
