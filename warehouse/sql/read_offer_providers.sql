SELECT DISTINCT inference_provider FROM internal._ph_offer ORDER BY 1;
