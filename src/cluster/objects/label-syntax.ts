// SPDX-License-Identifier: Apache-2.0

/*
 * Syntax of Kubernetes labels as regular expressions that RE2 (the API server) and JavaScript
 * read alike. Lengths are bounded apart from them.
 */

/** A DNS-1123 label: names of tiers. At most 63 characters. */
export const NAME_PATTERN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** A label value that is not empty. At most 63 characters. */
export const VALUE_PATTERN = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** A label key with or without a prefix. At most 253 + 1 + 63 characters. */
export const QUALIFIED_NAME_PATTERN =
  /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
