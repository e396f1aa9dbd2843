import { randomBytes } from 'node:crypto';

/** An error of the Graph API, in its own shape. */
export interface GraphError {
  readonly status: number;
  readonly code: number;
  readonly subcode?: number;
  readonly type: string;
  readonly message: string;
}

const oauth = 'OAuthException';

export const graphErrors = {
  token: { status: 400, code: 190, type: oauth, message: 'Invalid OAuth access token - Cannot parse access token' },
  window: {
    status: 400,
    code: 10,
    subcode: 2018278,
    type: oauth,
    message: '(#10) This message is sent outside of allowed window.',
  },
  limit: { status: 400, code: 613, type: oauth, message: '(#613) Calls to this api have exceeded the rate limit.' },
  unavailable: {
    status: 400,
    code: 551,
    subcode: 1545041,
    type: oauth,
    message: "(#551) This person isn't available right now.",
  },
  nobody: { status: 400, code: 100, subcode: 2018001, type: oauth, message: '(#100) No matching user found' },
  temporary: {
    status: 500,
    code: 1200,
    type: oauth,
    message: '(#1200) Temporary send message failure. Please try again later.',
  },
  unknown: {
    status: 500,
    code: 2,
    type: oauth,
    message: '(#2) An unexpected error has occurred. Please retry your request later.',
  },
} as const satisfies Record<string, GraphError>;

export function wrongParam(message: string): GraphError {
  return { status: 400, code: 100, type: oauth, message: `(#100) ${message}` };
}

export function graphErrorBody({ code, subcode, type, message }: GraphError): object {
  return {
    error: {
      message,
      type,
      code,
      ...(subcode !== undefined && { error_subcode: subcode }),
      fbtrace_id: randomBytes(8).toString('base64url'),
    },
  };
}
