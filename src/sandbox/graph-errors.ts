import { newTraceId } from './identity';

/** What a Graph call is refused with. */
export interface GraphFault {
  readonly status: number;
  readonly code: number;
  readonly subcode?: number | undefined;
  readonly message: string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export function envelope(fault: GraphFault): string {
  return JSON.stringify({
    error: {
      message: fault.message,
      type: fault.type ?? 'OAuthException',
      code: fault.code,
      ...(fault.subcode === undefined ? {} : { error_subcode: fault.subcode }),
      fbtrace_id: newTraceId(),
    },
  });
}

export const invalid = (message: string, subcode?: number): GraphFault => ({
  status: 400,
  code: 100,
  subcode,
  message: `(#100) ${message}`,
});

export const tokenMissing: GraphFault = {
  status: 400,
  code: 104,
  message: 'An access token is required to request this resource.',
};
export const tokenInvalid: GraphFault = { status: 401, code: 190, message: 'Invalid OAuth access token.' };
export const proofInvalid: GraphFault = {
  status: 400,
  code: 100,
  type: 'GraphMethodException',
  message: 'Invalid appsecret_proof provided in the API argument',
};
export const objectMissing = (method: string): GraphFault => ({
  status: 400,
  code: 100,
  subcode: 33,
  type: 'GraphMethodException',
  message: `Unsupported ${method.toLowerCase()} request. The object does not exist, cannot be loaded due to missing permissions, or does not support this operation.`,
});
export const outsideWindow: GraphFault = {
  status: 403,
  code: 10,
  subcode: 2018278,
  message: '(#10) This message is sent outside of allowed window.',
};
export const humanAgentMissing: GraphFault = {
  status: 403,
  code: 10,
  message: '(#10) Application does not have permission for the Human Agent feature.',
};
export const noSuchPerson: GraphFault = {
  status: 400,
  code: 100,
  subcode: 2018001,
  message: '(#100) No matching user found',
};
export const personUnavailable: GraphFault = {
  status: 400,
  code: 551,
  subcode: 1545041,
  message: "(#551) This person isn't available right now.",
};

/** `code` 613 is the plain call limit, 80006 the Messenger business-use-case limit. Source: Graph API rate limiting. */
export function throttled(code: 613 | 80006, pageId: string, callCountPercent: number): GraphFault {
  return {
    status: 403,
    code,
    message:
      code === 613
        ? '(#613) Calls to this api have exceeded the rate limit.'
        : '(#80006) There have been too many messenger api calls to this Page account. Wait a bit and try again.',
    headers: { 'x-business-use-case-usage': usageHeader(pageId, callCountPercent) },
  };
}

function usageHeader(pageId: string, percent: number): string {
  return JSON.stringify({
    [pageId]: [
      { type: 'messenger', call_count: percent, total_cputime: 1, total_time: 1, estimated_time_to_regain_access: 0 },
    ],
  });
}
