import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

const root = resolve(__dirname, '../..');

/** Compiles an entry point and all that it reaches into a folder, without checking types; gives the compiled entry. */
export function compile(entry: string, folder: string): string {
  const compilerOptions: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.CommonJS,
    esModuleInterop: true,
    isolatedModules: true,
  };
  const done = new Set<string>();
  const visit = (file: string): void => {
    if (done.has(file)) return;
    done.add(file);
    const text = readFileSync(file, 'utf8');
    write(file.replace(/\.ts$/, '.js'), ts.transpileModule(text, { compilerOptions, fileName: file }).outputText);
    for (const { fileName } of ts.preProcessFile(text, true, true).importedFiles) {
      const target = `${resolve(dirname(file), fileName)}.ts`;
      if (fileName.startsWith('.') && existsSync(target)) visit(target);
    }
    const migrations = join(dirname(file), 'migrations');
    if (existsSync(migrations))
      for (const name of readdirSync(migrations))
        write(join(migrations, name), readFileSync(join(migrations, name), 'utf8'));
  };
  const write = (file: string, text: string): void => {
    const target = join(folder, relative(root, file));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  };
  visit(resolve(root, entry));
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return join(folder, entry.replace(/\.ts$/, '.js'));
}
