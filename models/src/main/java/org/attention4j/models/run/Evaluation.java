package org.attention4j.models.run;

/**
 * Estimates of the losses after so many steps.
 *
 * @param training mean over random batches of the training part
 * @param validation mean over random batches of the validation part
 * @param seconds of training so far, evaluations included
 */
public record Evaluation(long step, double training, double validation, double seconds) {}
