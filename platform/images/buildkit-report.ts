import { fieldsOf } from './protobuf';

/** Field numbers of moby.buildkit.v1.StatusResponse, Vertex and VertexLog (buildkit, api/services/control/control.proto). */
const status = { vertexes: 1, logs: 3 } as const;
const vertex = { digest: 1, name: 3, cached: 4, started: 5, completed: 6, error: 7 } as const;
const log = { vertex: 1, message: 4 } as const;

export interface BuildReport {
  /** What one message of the engine says, as text with line ends; `of` tells the pieces of parallel steps apart. */
  read(trace: string): { readonly of: string; readonly text: string }[];
}

/** Reads `moby.buildkit.trace`: steps as they start or turn out to be known already, and what their commands write. */
export function openBuildReport(): BuildReport {
  const told = new Set<string>();
  return {
    read(trace) {
      const response = fieldsOf(Buffer.from(trace, 'base64'));
      const steps = (response.get(status.vertexes) ?? []).flatMap((bytes) => {
        const fields = fieldsOf(bytes);
        const text = (field: number) => fields.get(field)?.[0]?.toString() ?? '';
        const of = text(vertex.digest);
        const cached = fields.has(vertex.cached);
        // BuildKit's own housekeeping says nothing to people.
        if (told.has(of) || text(vertex.name).startsWith('[internal]') || !fields.has(vertex.started)) return [];
        if (!cached && fields.has(vertex.completed) && !fields.has(vertex.error)) return [];
        told.add(of);
        return [{ of: '', text: `${text(vertex.name)}${cached ? ' (known)' : ''}\n` }];
      });
      const written = (response.get(status.logs) ?? []).map((bytes) => {
        const fields = fieldsOf(bytes);
        const text = (field: number) => fields.get(field)?.[0]?.toString() ?? '';
        return { of: text(log.vertex), text: text(log.message) };
      });
      return [...steps, ...written];
    },
  };
}
