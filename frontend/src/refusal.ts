/** What the server, or the network, would not do: one error for both doors. */

export interface RefusalBody { code: string; message: string; temporary: boolean; retry_after_ms: number; fields?: string[] }

/** What the server, or the network, would not do; `code` is noun.reason. */
export class Refusal extends Error {
  readonly code: string;
  readonly temporary: boolean;
  readonly retryAfter: number;
  readonly fields: string[];
  readonly status: number;
  constructor(body: Partial<RefusalBody> & { code: string }, status = 0) {
    super(body.message || body.code);
    this.name = "Refusal";
    this.code = body.code;
    this.temporary = body.temporary ?? false;
    this.retryAfter = body.retry_after_ms ?? 0;
    this.fields = body.fields ?? [];
    this.status = status;
  }
}
