// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import type { Api } from '../api';

/** How often the server is asked how its tokens are, in milliseconds. */
const INTERVAL = 30_000;
const LONGEST = 300_000;

/** How a token that the Jupyter server keeps is. */
export type TokenState =
  'waiting' | 'fresh' | 'away' | 'signed_out' | 'refused';

/** A token that the Jupyter server keeps; never the token itself. */
export interface IKeptToken {
  name: string;
  state: TokenState;
  until: number | null;
  message: string;
}

/** What the Jupyter server says of its owner's storage. */
export interface IStorage {
  tokens: IKeptToken[];
  /** Where one signs in at the hub again. */
  sign_in: string | null;
}

/** How the storage is as a whole: as bad as the worst of its tokens. */
export type StorageState = 'well' | 'signed_out' | 'away' | 'refused';

/** Whether storage is there as the one who owns this server, and the way back when it is not. */
export class StorageModel implements IDisposable {
  /** Make a model that asks while the page is in sight. */
  constructor(private readonly options: StorageModel.IOptions) {
    this._poll = new Poll({
      name: 'jupyter-challenge:storage',
      standby: options.standby ?? 'when-hidden',
      frequency: { interval: INTERVAL, backoff: true, max: LONGEST },
      factory: () => this._read('GET')
    });
  }

  /** Emitted when the state is another. */
  get stateChanged(): ISignal<this, void> {
    return this._stateChanged;
  }

  /** How the storage is. */
  get state(): StorageState {
    const states = this._storage.tokens.map(token => token.state);
    return (
      (['signed_out', 'away', 'refused'] as const).find(one =>
        states.includes(one)
      ) ?? 'well'
    );
  }

  /** The tokens that are missing. */
  get missing(): IKeptToken[] {
    return this._storage.tokens.filter(token => token.state === this.state);
  }

  /** Whether the model was disposed. */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Ask no more. */
  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._waiting?.();
    this._poll.dispose();
    Signal.clearData(this);
  }

  /**
   * Open the hub's sign-in beside this page, and look again once one comes back.
   *
   * #### Notes
   * To be called for a click, or the browser may not open it.
   */
  signIn(): void {
    const address = this._storage.sign_in;
    if (!address) {
      return;
    }
    this.options.open(address);
    this._waiting?.();
    this._waiting = this.options.whenBack(() => {
      if (this.state !== 'signed_out' || this._isDisposed) {
        this._waiting?.();
        this._waiting = null;
      } else {
        void this.retry();
      }
    });
  }

  /** Have the server ask for what is missing now. */
  async retry(): Promise<void> {
    await this._read('POST').catch(() => undefined); // the poll goes on asking
  }

  private async _read(method: 'GET' | 'POST'): Promise<void> {
    const said = await this.options.api.own<IStorage>(
      'storage',
      method === 'GET' ? undefined : {},
      method
    );
    if (this._isDisposed) {
      return;
    }
    const before = this.state;
    this._storage = said;
    if (this.state !== 'signed_out') {
      this._waiting?.();
      this._waiting = null;
    }
    if (this.state !== before) {
      this._stateChanged.emit();
    }
  }

  private _isDisposed = false;
  private _poll: Poll;
  private _stateChanged = new Signal<this, void>(this);
  private _storage: IStorage = { tokens: [], sign_in: null };
  private _waiting: (() => void) | null = null;
}

/** A namespace for `StorageModel` statics. */
export namespace StorageModel {
  /** Who is asked, and what of the browser is needed. */
  export interface IOptions {
    /** Typed calls to the Jupyter server. */
    api: Pick<Api, 'own'>;
    /** Open an address in a tab of its own. */
    open: (address: string) => void;
    /** Call back whenever one comes back to this page; what ends that. */
    whenBack: (then: () => void) => () => void;
    /** When the poll rests; 'never' in tests. */
    standby?: Poll.Standby;
  }
}
