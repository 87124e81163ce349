// SPDX-License-Identifier: Apache-2.0
import { scrapeBackend } from './chaos/backends.ts';
import { chaosCases } from './chaos/cases.ts';

chaosCases('the direct scrape', scrapeBackend);
