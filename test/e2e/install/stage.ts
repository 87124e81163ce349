// SPDX-License-Identifier: Apache-2.0
import type { Checks } from '../checks.ts';
import type { ControlPlane } from '../control-plane.ts';
import type { Manifests } from '../manifests.ts';
import type { Product } from '../product.ts';
import type { Progress } from '../progress.ts';
import type { NewUser } from './new-user.ts';

/** What the checks of an installation look at. */
export interface InstallStage {
  readonly progress: Progress;
  readonly checks: Checks;
  readonly controlPlane: ControlPlane;
  /** The base as it is shipped; the run itself installs nothing of it. */
  readonly manifests: Manifests;
  readonly product: Product;
  readonly user: NewUser;
  /** Where the webhook answers, without a path. */
  readonly url: string;
  /** Temporary. */
  readonly folder: string;
}
