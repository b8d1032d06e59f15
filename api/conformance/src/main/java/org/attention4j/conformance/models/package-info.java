/** Small models that together use every block, for tests of engines and exporters. */
@NullMarked
package org.attention4j.conformance.models;

import org.jspecify.annotations.NullMarked;
