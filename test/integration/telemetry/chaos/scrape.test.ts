// SPDX-License-Identifier: Apache-2.0
import { scrapeBackend } from './backends.ts';
import { chaosCases } from './cases.ts';

chaosCases('the direct scrape', scrapeBackend);
