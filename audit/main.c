/* The `audit` program. */
#include "audit/command.h"
#include "audit/interrupt.h"
#include "core/blas.h"
#include "core/parallel.h"

int main(int argc, char **argv) {
    parallel_wait_briefly(argv);
    blas_choose_core(argv);
    interrupt_install();
    return command_line(argc, argv);
}
