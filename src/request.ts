// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import type { ErrorBody } from './wire';

/** Where the server extension answers. */
const PREFIX = 'jupyter-challenge';

/** Why an answer is not what was asked for. */
export type RequestErrorKind = 'offline' | 'missing' | 'refused';

/** A request that failed; its message says what and its hint what to do next. */
export class RequestError extends Error {
  /** Make an error of the body that the service sent, or of one that says the same. */
  constructor(
    readonly kind: RequestErrorKind,
    readonly status: number,
    readonly body: ErrorBody
  ) {
    super(body.message);
    this.name = 'RequestError';
  }

  /** What to do next. */
  get hint(): string {
    return this.body.hint;
  }

  /** The code for programs. */
  get code(): string {
    return this.body.code;
  }
}

/**
 * Make the error that a status and a body stand for.
 *
 * #### Notes
 * Status 0 stands for no answer at all. A 404 that does not carry an error of ours comes from a
 * Jupyter server that does not know the extension.
 */
export function errorFrom(status: number, text: string): RequestError {
  let body: Partial<ErrorBody> | undefined;
  try {
    body = JSON.parse(text).error;
  } catch {
    body = undefined;
  }
  const known = typeof body?.code === 'string' && !!body.message;
  const unreachable =
    status === 0 || (status >= 502 && status <= 504 && status !== 507);
  const kind: RequestErrorKind = unreachable
    ? 'offline'
    : status === 404 && !known
      ? 'missing'
      : 'refused';
  return new RequestError(kind, status, {
    code: known ? body!.code! : kind,
    message: known ? body!.message! : '',
    hint: body?.hint ?? '',
    details: body?.details ?? {}
  });
}

/** Send a request to the server extension and return its answer. */
export async function requestRaw(
  endPoint: string,
  settings: ServerConnection.ISettings,
  init: RequestInit = {}
): Promise<Response> {
  const url = URLExt.join(settings.baseUrl, PREFIX, endPoint);
  let response: Response;
  try {
    response = await ServerConnection.makeRequest(url, init, settings);
  } catch (error) {
    if (error instanceof ServerConnection.NetworkError) {
      throw errorFrom(0, '');
    }
    throw error;
  }
  if (!response.ok) {
    throw errorFrom(response.status, await response.text());
  }
  return response;
}

/** Send a request to the server extension and return the JSON of its answer. */
export async function requestAPI<T>(
  endPoint: string,
  settings: ServerConnection.ISettings,
  init: RequestInit = {}
): Promise<T> {
  const response = await requestRaw(endPoint, settings, init);
  return (await response.json()) as T;
}

/** The address of a download, which the browser opens by itself. */
export function downloadUrl(
  endPoint: string,
  settings: ServerConnection.ISettings
): string {
  return URLExt.join(settings.baseUrl, PREFIX, endPoint);
}
