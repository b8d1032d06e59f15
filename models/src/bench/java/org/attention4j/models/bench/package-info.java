/** JMH benchmarks through the public API. */
@NullMarked
package org.attention4j.models.bench;

import org.jspecify.annotations.NullMarked;
