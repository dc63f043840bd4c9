/* The command line itself: help, suggestions, exit codes, output that cannot be written. */
#include "audit/command.h"
#include "tests/support/cli.h"
#include "tests/support/test.h"

static void help_of_everything(void **state) {
    (void)state;
    const command *k;
    cli overview = cli_run(0, NULL, "help");
    for (int i = 0; (k = command_at(i)); i++) {
        if (!strstr(overview.out, k->name)) fail_msg("`audit help` does not name %s", k->name);
        cli a = cli_run(0, NULL, "help %s", k->name), b = cli_run(0, NULL, "%s --nonsense --help", k->name);
        assert_string_equal(a.out, b.out);
        for (const option *o = k->options; o && o->name; o++)
            if (!strstr(a.out, o->name)) fail_msg("the help of %s does not name --%s", k->name, o->name);
        assert_non_null(strstr(a.out, "--threads"));
        cli_free(&a);
        cli_free(&b);
    }
    cli_free(&overview);
}

static void lines_of_help_fit(void **state) {
    (void)state;
    const command *k;
    for (int i = 0; (k = command_at(i)); i++) {
        cli c = cli_run(0, NULL, "help %s", k->name);
        for (char *line = strtok(c.out, "\n"); line; line = strtok(NULL, "\n"))
            if (strlen(line) > 100)
                fail_msg("help of %s: a line of %zu letters: %s", k->name, strlen(line), line);
        cli_free(&c);
    }
}

static void version_and_usage(void **state) {
    (void)state;
    cli c = cli_run(0, NULL, "--version");
    assert_string_equal(c.out, "audit " AUDIT_VERSION "\n");
    cli_free(&c);
    cli_expect(2, "usage: audit COMMAND", " ");
    cli_expect(2, "audit: unknown command \"hlep\", did you mean \"help\"?", "hlep");
    cli_expect(2, "unknown command", "help me");
    cli_expect(2, "unexpected word \"too\"", "help help too");
    cli_expect(2, "unknown option --thraeds, did you mean --threads?", "help --thraeds 2");
    cli_expect(2, "--threads: -1 is below 0", "help --threads -1");
    cli_expect(2, "--kernel: unknown value \"portabel\", did you mean \"portable\"?",
               "help --kernel portabel");
    cli_expect(2, "absent.json", "help --config absent.json");
    cli_expect(2, "hint: `audit help --help`", "help --nonsense");
}

static void completion_is_a_script(void **state) {
    (void)state;
    cli c = cli_run(0, NULL, "completion bash");
    FILE *file = fopen(temporary_path("completion.sh"), "w");
    fputs(c.out, file);
    fputs(
        "COMP_WORDS=(audit help --kernel po); COMP_CWORD=3; _audit; [ \"${COMPREPLY[*]}\" = portable ] || "
        "exit 9\n"
        "COMP_WORDS=(audit help --thr); COMP_CWORD=2; _audit; [ \"${COMPREPLY[*]}\" = --threads ] || exit 8\n"
        "COMP_WORDS=(audit comp); COMP_CWORD=1; _audit; [ \"${COMPREPLY[*]}\" = completion ] || exit 7\n",
        file);
    fclose(file);
    cli_free(&c);
    char line[4200];
    snprintf(line, sizeof line, "bash %s", temporary_path("completion.sh"));
    int code = system(line);
    if (code != 0) fail_msg("the completion script failed with %d", code);
    cli_expect(2, "unknown shell", "completion fish");
    cli_expect(2, "expected bash", "completion");
}

static void full_disk(void **state) {
    (void)state;
    cli c = cli_start_limited(10, "help");
    cli_wait(&c);
    assert_int_equal(c.exit_code, 2);
    cli_free(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(help_of_everything),
                                       cmocka_unit_test(lines_of_help_fit),
                                       cmocka_unit_test(version_and_usage),
                                       cmocka_unit_test(completion_is_a_script), cmocka_unit_test(full_disk)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
